"""Sees every ended recording through to its replay, and tells control, however often anything is restarted.

What is left to do is read from the folders at start, so an end that fell into a crash is finished afterwards. What
the disk refuses is told of as failed and tried again until there is room. Never touches a recording that still runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import structlog

from hustings.base.backoff import Backoff
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import Clock
from hustings.base.tasks import TaskScope
from hustings.broadcast import manifest as manifests
from hustings.broadcast.disk import free_bytes
from hustings.broadcast.manifest import Made, Manifest
from hustings.broadcast.replay_files import clear_drafts, make_replay, room_needed
from hustings.broadcast.workers import in_thread
from hustings.documents.space import Replay, ReplayState, SpacePlan, SpaceState

log = structlog.get_logger(__name__)

Report = Callable[[str, Replay], Awaitable[None]]

MAX_WAITING = 256  # ended Spaces; one that finds no room is found again at the next start
FIRST_RETRY, LAST_RETRY = 0.5, 30.0  # seconds between reports that were not answered
FIRST_LOOK, LAST_LOOK = 15.0, 120.0  # seconds between attempts at what the disk refused


def _unfinished(recordings: Path) -> list[str]:
    """Ended recordings whose replay is not made, or not told of."""
    found = []
    for folder in sorted(recordings.iterdir()) if recordings.is_dir() else []:
        manifest = None if folder.name.startswith(".") else manifests.load(folder)
        if manifest is not None and manifest.ended and not (manifest.made and manifest.made.reported):
            found.append(manifest.space)
    return found


def _as_replay(made: Made) -> Replay:
    return Replay(ReplayState.READY, made.duration, made.trim_start)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`refused`: by the disk, so that another attempt may go better."""

    replay: Replay
    refused: bool = False


def _make_and_save(folder: Path, manifest: Manifest, trim_start: bool) -> _Outcome:
    failed = Replay(ReplayState.FAILED, 0.0, trim_start)
    try:
        if free_bytes(folder) < room_needed(folder, manifest):
            log.warning("no room for a replay", space=manifest.space)
            return _Outcome(failed, refused=True)
        manifest.made = make_replay(folder, manifest, trim_start=trim_start)
        manifests.save(folder, manifest)
    except OSError:
        log.exception("replay could not be written", space=manifest.space)
        clear_drafts(folder)
        return _Outcome(failed, refused=True)
    return _Outcome(_as_replay(manifest.made) if manifest.made else failed)


def _note_reported(folder: Path, replay: Replay) -> None:
    """So that a restart does not tell it again; a failed one is tried again from the start."""
    manifest = manifests.load(folder)
    if manifest is None or manifest.made is None or _as_replay(manifest.made) != replay:
        return
    manifest.made.reported = True
    try:
        manifests.save(folder, manifest)
    except OSError:
        log.exception("manifest refused by the disk")


class ReplayMaker:
    """`report` tells control; it may fail and is tried again. `trim_start` is asked once, when a Space ends."""

    def __init__(
        self,
        recordings: Path,
        report: Report,
        clock: Clock,
        executor: Executor,
        *,
        trim_start: Callable[[str], bool] = lambda _space: True,
        title: Callable[[str], str] = lambda _space: "",
    ) -> None:
        self._recordings = recordings
        self._report = report
        self._clock = clock
        self._executor = executor
        self._trim_start, self._title = trim_start, title
        self._waiting: Channel[tuple[str, bool | None]] = Channel(MAX_WAITING, WhenFull.DROP_NEWEST)
        self._newest: dict[str, object] = {}  # Space → what was asked of it last, while that is seen through
        self._making = asyncio.Lock()  # one at a time: the machine may be carrying other Spaces live

    def finish(self, space: str) -> None:
        """A Space's recording ended; give this to the Recorder as `ended`."""
        self._waiting.put((space, None))

    def follow(self, plan: SpacePlan) -> None:
        """Make what control waits for, with the dead air at its start or without; one that is so already is told.

        A plan that tells of a replay, made or failed, asks for nothing: it is an answer to what was told.
        """
        if plan.state is SpaceState.ENDED and plan.replay.state is ReplayState.PREPARING:
            self._waiting.put((plan.id, plan.replay.trim_start))

    async def run(self) -> None:
        """Runs until cancelled."""
        async with TaskScope() as scope:
            for space in await in_thread(self._executor, _unfinished, self._recordings):
                scope.spawn(self._see_through(space, None), f"replay of {space}")
            async for space, trim_start in self._waiting:
                scope.spawn(self._see_through(space, trim_start), f"replay of {space}")

    async def _see_through(self, space: str, trim_start: bool | None) -> None:
        """Until control knows of a replay, or that there is none, or was asked for another."""
        asked = self._newest[space] = object()
        backoff, known = Backoff(FIRST_LOOK, LAST_LOOK), None
        while self._newest.get(space) is asked:
            async with self._making:
                outcome = await self._make(space, trim_start)
            if outcome is not None and outcome.replay != known:
                await self._tell(space, outcome.replay)
                known = outcome.replay
            if outcome is None or not outcome.refused:
                break
            await self._clock.sleep_until(self._clock.monotonic() + backoff.next())
        if self._newest.get(space) is asked:
            del self._newest[space]

    async def _tell(self, space: str, replay: Replay) -> None:
        backoff = Backoff(FIRST_RETRY, LAST_RETRY)
        while not await self._told(space, replay):
            await self._clock.sleep_until(self._clock.monotonic() + backoff.next())
        async with self._making:
            await in_thread(self._executor, _note_reported, self._recordings / space, replay)

    async def _make(self, space: str, trim_start: bool | None) -> _Outcome | None:
        """What to tell of; None when control knows it already, or the Space goes on."""
        folder = self._recordings / space
        manifest = await in_thread(self._executor, manifests.load, folder)
        if manifest is None:
            return _Outcome(Replay(ReplayState.NONE))
        if not manifest.ended:
            return None
        made = manifest.made
        if made is not None and trim_start in (None, made.trim_start):
            return None if made.reported and trim_start is None else _Outcome(_as_replay(made))
        wanted = self._trim_start(space) if trim_start is None else trim_start
        manifest.title = self._title(space) or manifest.title
        begun = self._clock.monotonic()
        outcome = await in_thread(self._executor, _make_and_save, folder, manifest, wanted)
        if not outcome.refused:
            log.info(
                "replay made", space=space, state=outcome.replay.state.value, seconds=self._clock.monotonic() - begun
            )
        return outcome

    async def _told(self, space: str, replay: Replay) -> bool:
        try:
            await self._report(space, replay)
        except Exception:  # noqa: BLE001 - supervisor of a foreign callable: whatever it raises, it is tried again
            log.warning("control did not take the replay's report", space=space)
            return False
        return True
