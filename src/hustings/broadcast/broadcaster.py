"""From the mixer's 20 ms blocks to parts in the feed, for every Space of a stage.

Works by position alone: a block that never came is silence at its place, never a shift of what follows. Keeps
no clock, and never records: recordings are made beside it, so that neither can break the other.
"""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
import structlog

from hustings.base.channel import Channel
from hustings.base.grid import PART, next_part_start, part_at
from hustings.broadcast.collector import Collector
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.packager import Packager
from hustings.broadcast.workers import in_thread
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd, Samples, SeatPacket
from hustings.documents.feed import End, Hold, Init, Part, Programme
from hustings.hls.renditions import RENDITIONS, Rendition

log = structlog.get_logger(__name__)

MAX_SILENCE = 10  # parts of silence made for blocks that never came; beyond, edges fill in with hold parts


def make_hold(rendition: Rendition, samples: Samples) -> list[bytes]:
    """A loop of whole parts, encoded so that its end runs into its beginning: the second of two rounds."""
    encoder, packager = RenditionEncoder(rendition), Packager(rendition)
    encoder.encode(samples)
    parts = np.split(samples, samples.size // PART)
    return [packager.part(index, encoder.encode(part)) for index, part in enumerate(parts)]


class Line:
    """One Space's programme on its way out: collects a part's samples, encodes it in every rendition."""

    def __init__(self, first: int, renditions: Sequence[Rendition]) -> None:
        self.window = Collector(PART, next_part_start(first))
        self.programme = Programme.NONE
        self._coders = [(RenditionEncoder(rendition), Packager(rendition)) for rendition in renditions]

    @property
    def number(self) -> int:
        return part_at(self.window.start)

    def put(self, block: ProgrammeBlock) -> bool:
        """Place a block; True when the part's last sample has come. A part is whole blocks: none lies across."""
        self.programme = block.programme
        self.window.put(block.position, block.samples)
        return self.window.full

    def encode(self) -> list[tuple[str, bytes]]:
        """The collected part in every rendition, by name; the next part begins empty. Runs in a thread."""
        number, samples = self.number, self.window.take()
        return [
            (coder.rendition.name, packager.part(number, coder.encode(samples))) for coder, packager in self._coders
        ]


class Broadcaster:
    """Consumes one channel for all Spaces. `hold` is a loop of whole parts, heard when a stage is lost."""

    def __init__(
        self,
        channel: Channel[Block],
        hub: FeedHub,
        hold: Samples,
        executor: Executor,
        renditions: Sequence[Rendition] = RENDITIONS,
    ) -> None:
        self._channel = channel
        self._hub = hub
        self._hold = hold
        self._executor = executor
        self._renditions = renditions
        self._lines: dict[str, Line] = {}
        self._hold_parts: dict[str, list[bytes]] = {}
        self._inits: dict[str, bytes] = {}
        self.silent_parts = 0

    async def run(self) -> None:
        """Ends when the channel does."""
        await in_thread(self._executor, self._prepare)
        async for item in self._channel:
            match item:
                case ProgrammeBlock():
                    await self._take(item)
                case ProgrammeEnd():
                    await self._finish(item)
                case SeatPacket():
                    pass

    def _prepare(self) -> None:
        for rendition in self._renditions:
            self._inits[rendition.name] = Packager(rendition).init
            self._hold_parts[rendition.name] = make_hold(rendition, self._hold)

    async def _take(self, block: ProgrammeBlock) -> None:
        line = self._lines.get(block.space) or await self._open(block)
        target = part_at(block.position)
        if target - line.number > MAX_SILENCE:
            log.warning("programme jumped", space=block.space, parts=target - line.number)
            if line.window.touched:
                await self._emit(block.space, line)
            line.window.move(target * PART)
        while line.number < target:
            self.silent_parts += not line.window.touched
            await self._emit(block.space, line)
        if line.put(block):
            await self._emit(block.space, line)

    async def _open(self, block: ProgrammeBlock) -> Line:
        line = await in_thread(self._executor, Line, block.position, self._renditions)
        self._lines[block.space] = line
        for name, data in self._inits.items():
            self._hub.publish(Init(space=block.space, rendition=name, data=data))
        for name, parts in self._hold_parts.items():
            for index, data in enumerate(parts):
                self._hub.publish(Hold(block.space, name, index, len(parts), data))
        return line

    async def _emit(self, space: str, line: Line) -> None:
        number, programme = line.number, line.programme
        for name, data in await in_thread(self._executor, line.encode):
            self._hub.publish(Part(space, name, self._hub.epoch, number, programme, data))

    async def _finish(self, end: ProgrammeEnd) -> None:
        line = self._lines.pop(end.space, None)
        if line is not None and line.window.touched:
            await self._emit(end.space, line)
        last = line.number - 1 if line is not None else part_at(end.position - 1)
        self._hub.publish(End(space=end.space, number=last))
