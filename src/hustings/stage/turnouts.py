"""The listeners of every Space this stage carries: edges' counts in, figures for the desk, the disk and control out.

What was counted outlives the process, and goes to control until control has it: after the end too. Counting gives
way to sound: sketches are put together on a thread, a step at a time, and the newest figures are what is shown.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, Invalid
from hustings.base.sizes import COUNT
from hustings.documents.distinct import BadSketch
from hustings.documents.turnout import EdgeCount, Kept, TownCount, Turnout
from hustings.stage.asked import ClusterKey, document_of
from hustings.stage.headcount import Headcount
from hustings.stage.rooms import Rooms, UnknownSpace

log = structlog.get_logger(__name__)

EVERY: Final = 10.0  # seconds between two looks: what a crash may cost
TOLD_EVERY: Final = 30.0  # seconds between two words to control about one Space, while it goes on

Report = Callable[[str, Turnout], Awaitable[None]]


class BadCount(Invalid):
    """The body is no edge's count."""

    code = "bad_count"


class TurnoutShelf:
    """One file a Space, replaced whole. It blocks; call it off the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> dict[str, Headcount]:
        """One that cannot be read is told of, and counted anew."""
        found = {}
        for path in sorted(self._folder.glob("*.count")):
            try:
                found[path.stem] = Headcount(msgspec.msgpack.decode(path.read_bytes(), type=Kept))
            except (OSError, msgspec.DecodeError, BadSketch):
                log.exception("count not readable", file=path.name)
        return found

    def save(self, space: str, kept: Kept) -> None:
        """Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(space).with_suffix(".count-new")
        draft.write_bytes(msgspec.msgpack.encode(kept))
        draft.replace(self._path(space))

    def drop(self, space: str) -> None:
        self._path(space).unlink(missing_ok=True)

    def _path(self, space: str) -> Path:
        return self._folder / f"{space}.count"


class _Space:
    """One Space's count, and how much of it others know."""

    def __init__(self, count: Headcount) -> None:
        self.count = count
        self.shown = count.newest
        self.saved: tuple[int, int, float] | None = None
        self.told: tuple[int, int, float] | None = None
        self.told_at = 0.0

    @property
    def lasting(self) -> tuple[int, int, float]:
        return self.shown.peak, self.shown.unique, self.shown.stalled_share


class Turnouts:
    """Call `load`, then `run` until cancelled. `report` raises a HustingsError unless control has taken it."""

    def __init__(self, rooms: Rooms, shelf: TurnoutShelf, report: Report, clock: Clock) -> None:
        self._rooms = rooms
        self._shelf = shelf
        self._report = report
        self._clock = clock
        self._spaces: dict[str, _Space] = {}
        self._counting = asyncio.Lock()  # one thread at a time

    async def load(self) -> None:
        for space, count in (await asyncio.to_thread(self._shelf.load)).items():
            self._spaces[space] = _Space(count)
            self._show(space)

    async def take(self, space: str, told: EdgeCount) -> TownCount:
        """Raises UnknownSpace, or BadSketch."""
        self._rooms.room(space)
        it = self._spaces.setdefault(space, _Space(Headcount()))
        async with self._counting:
            town = await asyncio.to_thread(it.count.take, told, self._clock.monotonic())
        it.shown = town.turnout
        self._show(space)
        return town

    async def run(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + EVERY)
            for space in list(self._spaces):
                await self._look(space)

    async def _look(self, space: str) -> None:
        it = self._spaces[space]
        async with self._counting:
            it.shown = await asyncio.to_thread(it.count.turnout, self._clock.monotonic())
        carried = self._show(space)
        await self._save(space, it)
        await self._tell(space, it, at_once=not carried)
        if not carried and it.told == it.lasting:
            del self._spaces[space]
            await asyncio.to_thread(self._shelf.drop, space)

    def _show(self, space: str) -> bool:
        """On the desk; False when the Space is not carried any more."""
        try:
            room = self._rooms.room(space)
        except UnknownSpace:
            return False
        room.turnout = self._spaces[space].shown
        return True

    async def _save(self, space: str, it: _Space) -> None:
        if it.saved == it.lasting:
            return
        try:
            async with self._counting:
                await asyncio.to_thread(lambda: self._shelf.save(space, it.count.kept()))
        except OSError as error:
            log.warning("count refused by the disk", errno=error.errno)
        else:
            it.saved = it.lasting

    async def _tell(self, space: str, it: _Space, *, at_once: bool) -> None:
        now, lasting = self._clock.monotonic(), it.lasting
        if it.told == lasting or not (at_once or now - it.told_at >= TOLD_EVERY):
            return
        try:
            await self._report(space, it.shown)
        except HustingsError:
            return  # it is told again in the next turn
        it.told, it.told_at = lasting, now


def turnout_routes(turnouts: Turnouts, cluster_key: str) -> list[Route]:
    """Give them to Starlette with `exception_handlers=PROBLEMS` of stage/problems.py."""

    key = ClusterKey(cluster_key)

    async def count(request: Request) -> Response:
        key.check(request)
        unreadable = BadCount("This count cannot be read. Are all roles of the same version?")
        told = await document_of(request, EdgeCount, COUNT, unreadable)
        town = await turnouts.take(request.path_params["space"], told)
        return Response(msgspec.json.encode(town), media_type="application/json")

    return [Route("/internal/spaces/{space}/count", count, methods=["POST"])]
