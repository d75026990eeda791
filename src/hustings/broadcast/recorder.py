"""Keeps what was said: the programme and each seat, on disk within a fifth of a second, whatever delivery does.

A channel, encoders and files of its own: nothing that breaks the broadcast can break the recording. It begins
with the conversation (the pre-show is not recorded) and ends with the programme; a restarted stage adds a take, and
so does a disk that was full and has room again. On a slow disk, and on a machine that is behind, it writes less often
and more at a time.
Never makes the replay: it hands the Space's id on when everything is on disk.
"""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import structlog

from hustings.base.channel import Channel
from hustings.base.clock import Clock
from hustings.base.grid import PART
from hustings.base.recent import Recent
from hustings.broadcast import manifest as manifests
from hustings.broadcast.collector import Collector
from hustings.broadcast.disk import Reserve, sync_file, sync_folder
from hustings.broadcast.manifest import Manifest, Take
from hustings.broadcast.take import CHUNK, RESUMED, TakeWriter
from hustings.broadcast.workers import in_thread
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd, Samples, SeatPacket
from hustings.documents.feed import Programme

log = structlog.get_logger(__name__)

SYNC_EVERY = 0.5  # seconds
MAX_GAP = 52 * CHUNK  # samples, 10 s: a longer silence of the mixer begins a new take
MAX_PACKETS = 13 * 60 * 50  # kept between two chunks: a minute of every seat
DELETED_LATELY = 1024  # Spaces: far more than can still have sound on its way
DELETED = ".deleted-"  # begins the name of a folder on its way out
RESERVE = 256 * 2**20  # bytes: more than an hour of programme
SLOW = 0.5  # seconds for what takes a healthy disk a thousandth of that
GATHERED = 5  # chunks of one Space, a second, that are encoded though more is waiting: the loop must have its turns
UNWRITTEN = 26  # chunks, five seconds: so much is written even then; while a slow disk takes a write, less comes
SLOW_FOR = 10.0  # seconds a disk is called slow after such a write
DISK_FULL, DISK_SLOW, TRACKS_DROPPED = "disk_full", "disk_slow", "tracks_dropped"


class _Recording:
    """One Space being recorded. Its methods run in a worker thread, one at a time; `faults` may be asked from any."""

    def __init__(self, folder: Path, space: str, reserve: int, clock: Clock) -> None:
        self.folder = folder
        self.packets: list[SeatPacket] = []
        self.gathered: list[tuple[Samples, list[SeatPacket]]] = []
        self.window = Collector(CHUNK, 0)
        self.writer: TakeWriter | None = None
        self.manifest = manifests.load(folder) or Manifest(space)
        self._reserve_size = reserve
        self.not_before = 0  # position at which a take that could not be opened is tried again
        self.failing = False  # no take could be opened
        self._told: tuple[int, int, int | None] = (0, 0, None)
        self._clock = clock
        self._writing_since: float | None = None
        self._unwritten = 0  # chunks encoded and not yet given to the disk
        self._slow_until = 0.0
        self._look_for_room_at = 0  # position

    def begin(self, position: int) -> None:
        """Open the next take at the start of the part that holds `position`."""
        self._begin_at(position // PART * PART)

    def _begin_at(self, start: int) -> None:
        self.not_before = start + MAX_GAP
        try:
            self._open_take(start)
        finally:
            self.failing = self.writer is None

    def _open_take(self, start: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            reserve = Reserve(self.folder, self._reserve_size)
        except OSError:
            self._note("There was no room to set aside for this recording.")
            reserve = Reserve(self.folder, 0)
        take = Take(len(self.manifest.takes) + 1, start, self._clock.now())
        self.writer = TakeWriter(self.folder, take, reserve)
        if self.window.start != take.start:  # else what has come of it goes into this take
            self.window.move(take.start)
        self._look_for_room_at = take.start + MAX_GAP
        self.manifest.takes.append(take)
        log.info("recording begun", space=self.manifest.space, take=take.number)
        self.save()
        sync_folder(self.folder)

    def gather(self) -> None:
        """Put the window by for `write`, with the packets that came meanwhile; does not touch the disk."""
        packets, self.packets = self.packets, []
        self.gathered.append((self.window.take(), packets))

    def write(self, *, more: bool) -> None:
        """Encode all that was gathered and put it on the disk, which can wait when there is `more`."""
        assert self.writer is not None
        self._write(self.writer, more=more)
        self._resume_where_there_is_room(self.writer)

    def _write(self, writer: TakeWriter, *, more: bool) -> None:
        gathered, self.gathered = self.gathered, []
        for samples, packets in gathered:
            writer.write(samples, packets)
        self._unwritten += len(gathered)
        if not more or self._unwritten >= UNWRITTEN:
            self._flush(writer)
        told = (len(writer.tracks), len(writer.problems), writer.take.first_sound)
        if told != self._told:
            self._told = told
            self.save()

    def _flush(self, writer: TakeWriter) -> None:
        self._writing_since = since = self._clock.monotonic()
        writer.flush()
        self._writing_since, now = None, self._clock.monotonic()
        self._unwritten = 0
        if now - since > SLOW:
            self._slow_until = now + SLOW_FOR

    def _resume_where_there_is_room(self, writer: TakeWriter) -> None:
        """A take that gave something up is ended for a whole one, looked for now and then, without a gap."""
        if not writer.gave_way:
            self._look_for_room_at = self.window.start + MAX_GAP
        elif self.window.start >= self._look_for_room_at:
            self._look_for_room_at = self.window.start + MAX_GAP
            if writer.room_again:
                self._close(writer)
                self._note(RESUMED)
                self._begin_at(self.window.start)

    def faults(self) -> frozenset[str]:
        """Codes of what is wrong with this recording at the moment; empty when it is whole and on disk in time."""
        writer, since, now = self.writer, self._writing_since, self._clock.monotonic()
        found = set()
        if self.failing or (writer is not None and not writer.programme_whole):
            found.add(DISK_FULL)
        if writer is not None and writer.gave_way:
            found.add(TRACKS_DROPPED)
        if now < self._slow_until or (since is not None and now - since > SLOW):
            found.add(DISK_SLOW)
        return frozenset(found)

    def end_take(self) -> None:
        """Close the take in order; the recording may go on with another."""
        if self.writer is None:
            return
        if self.window.touched:
            self.gather()
        self._write(self.writer, more=False)
        self._close(self.writer)

    def _close(self, writer: TakeWriter) -> None:
        paths = writer.paths
        packets, self.packets = self.packets, []
        writer.close(packets)
        for path in paths:
            sync_file(path)
        self._collect()
        self.writer = None
        Reserve(self.folder, 0).release()

    def pause(self) -> None:
        """The stage goes down: close what is open; the next run adds a take."""
        if self.writer is not None:
            self.end_take()
            self.save()

    def end(self) -> None:
        self.end_take()
        self.manifest.ended = True
        log.info("recording ended", space=self.manifest.space)
        self.save()

    def save(self) -> None:
        self._collect()
        try:
            manifests.save(self.folder, self.manifest)
        except OSError:
            log.exception("manifest refused by the disk")

    def _collect(self) -> None:
        if self.writer is None:
            return
        others = [track for track in self.manifest.tracks if track.take != self.writer.take.number]
        self.manifest.tracks = others + self.writer.tracks
        for problem in self.writer.problems:
            self._note(problem)

    def _note(self, problem: str) -> None:
        if problem not in self.manifest.problems:
            self.manifest.problems.append(problem)


class Recorder:
    """Consumes one channel for all Spaces; only what is to be recorded is put into it.

    Files are written by `executor` and synced by a thread of the loop's own, so that no write waits for a disk.
    """

    def __init__(
        self,
        channel: Channel[Block],
        folder: Path,
        clock: Clock,
        executor: Executor,
        *,
        ended: Callable[[str], None] = lambda _space: None,
        reserve: int = RESERVE,
    ) -> None:
        self._channel = channel
        self._folder = folder
        self._clock = clock
        self._executor = executor
        self._ended = ended
        self._reserve = reserve
        self._recordings: dict[str, _Recording] = {}
        self._deleted = Recent(DELETED_LATELY)  # until the last of what was on its way here has come
        self._working = asyncio.Lock()  # held while a thread is at a recording, so that none is deleted under it

    async def run(self) -> None:
        """Ends when the channel does or when cancelled; open takes are closed in order either way."""
        await in_thread(self._executor, _remove_rest, self._folder)
        syncing = asyncio.create_task(self._sync_forever(), name="recorder sync")
        try:
            async for item in self._channel:
                try:
                    async with self._working:
                        await self._take(item)
                        if not len(self._channel):
                            await self._write_gathered()
                except Exception:  # supervisor: one Space's failure must not end the recording of the others
                    log.exception("recording failed", space=item.space)
        finally:
            syncing.cancel()
            await asyncio.gather(syncing, return_exceptions=True)
            for recording in self._recordings.values():
                await in_thread(self._executor, recording.pause)

    def faults(self, space: str) -> frozenset[str]:
        """What the desk should know of the Space's recording: DISK_FULL (some of the programme is lost), DISK_SLOW,
        TRACKS_DROPPED (the seats' own tracks are)."""
        recording = self._recordings.get(space)
        return recording.faults() if recording is not None else frozenset()

    async def delete(self, space: str) -> None:
        """Stop recording the Space and remove everything recorded of it."""
        folder = manifests.folder_of(self._folder, space)
        async with self._working:
            self._deleted.add(space)
            recording = self._recordings.pop(space, None)
            if recording is not None:
                await in_thread(self._executor, recording.end_take)
            await in_thread(self._executor, _remove, folder)

    async def _take(self, item: Block) -> None:
        if item.space in self._deleted:
            if isinstance(item, ProgrammeEnd):
                self._deleted.discard(item.space)
            return
        match item:
            case ProgrammeBlock():
                await self._take_block(item)
            case SeatPacket():
                recording = self._recordings.get(item.space)
                if recording is not None and recording.writer is not None and len(recording.packets) < MAX_PACKETS:
                    recording.packets.append(item)
            case ProgrammeEnd():
                await self._end(item.space)

    async def _recording(self, space: str) -> _Recording:
        found = self._recordings.get(space)
        if found is None:
            found = await in_thread(
                self._executor,
                _Recording,
                manifests.folder_of(self._folder, space),
                space,
                self._reserve,
                self._clock,
            )
            self._recordings[space] = found
        return found

    async def _take_block(self, block: ProgrammeBlock) -> None:
        recording = await self._recording(block.space)
        if recording.writer is None and not self._begins(recording, block):
            return
        if recording.writer is not None and block.position - recording.window.end > MAX_GAP:
            await in_thread(self._executor, recording.end_take)
        if recording.writer is None:
            await in_thread(self._executor, recording.begin, block.position)
        rest = block.samples
        while rest.size:
            rest = recording.window.put(block.position + block.samples.size - rest.size, rest)
            if rest.size or recording.window.full:
                recording.gather()
        if len(recording.gathered) >= GATHERED:
            await in_thread(self._executor, recording.write, more=True)

    async def _write_gathered(self) -> None:
        for recording in list(self._recordings.values()):
            if recording.gathered:
                await in_thread(self._executor, recording.write, more=False)

    @staticmethod
    def _begins(recording: _Recording, block: ProgrammeBlock) -> bool:
        if recording.manifest.ended or block.position < recording.not_before:
            return False
        resumes = block.programme is Programme.HOLD and bool(recording.manifest.takes)
        return block.programme is Programme.CONVERSATION or resumes

    async def _end(self, space: str) -> None:
        recording = await self._recording(space)
        del self._recordings[space]
        if recording.manifest.takes and not recording.manifest.ended:
            await in_thread(self._executor, recording.end)
        self._ended(space)

    async def _sync_forever(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + SYNC_EVERY)
            paths = [path for one in self._recordings.values() if one.writer for path in one.writer.paths]
            try:
                await asyncio.to_thread(_sync_all, paths)
            except Exception:  # supervisor: the next round tries again
                log.exception("recording not synced")


def _remove(folder: Path) -> None:
    """Out of everybody's way first, so that a replay being made finds no folder to put more into."""
    away = folder.with_name(DELETED + folder.name)
    try:
        folder.rename(away)
    except FileNotFoundError:
        return
    shutil.rmtree(away, ignore_errors=True)


def _remove_rest(recordings: Path) -> None:
    """What a crash left of recordings that were being deleted."""
    for folder in recordings.glob(DELETED + "*"):
        shutil.rmtree(folder, ignore_errors=True)


def _sync_all(paths: list[Path]) -> None:
    for path in paths:
        sync_file(path)
