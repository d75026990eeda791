"""A program: a mixer's beat that records seats in a folder, and prints how late ticks came and what faults were told.

`python slow_stage.py FOLDER SEATS SECONDS`; a process of its own, because its writes may be made slow.
"""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import structlog

from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import SystemClock
from hustings.base.grid import TICK, TICK_SECONDS
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.recorder import Recorder
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd, SeatPacket
from hustings.documents.feed import Programme
from hustings.hls.renditions import OPUS32
from hustings.stage.mixer import Mixer

SPACE = "s"


class Recorded:
    """Every tick has sound of every seat; `through` is set after the last."""

    def __init__(self, channel: Channel[Block], recorder: Recorder, seats: int, ticks: int) -> None:
        self.faults: set[str] = set()
        self.through = asyncio.Event()
        self._channel, self._recorder, self._seats, self._ticks = channel, recorder, seats, ticks
        self._sound = np.random.default_rng(1).normal(0, 0.1, ticks * TICK).astype(np.float32)
        self._opus = RenditionEncoder(OPUS32).encode(self._sound)
        self._number = 0

    def tick(self) -> None:
        if self._number == self._ticks:
            return
        self.faults |= self._recorder.faults(SPACE)
        at = self._number * TICK
        for number in range(self._seats):
            self._channel.put(SeatPacket(SPACE, f"seat{number}", "Ada", at, self._opus[self._number]))
        self._channel.put(ProgrammeBlock(SPACE, at, Programme.CONVERSATION, self._sound[at : at + TICK]))
        self._number += 1
        if self._number == self._ticks:
            self.through.set()

    def skip(self, ticks: int) -> None:
        raise AssertionError("the stage stood still")


async def main(folder: Path, seats: int, ticks: int) -> None:
    clock = SystemClock()
    channel: Channel[Block] = Channel(100_000, WhenFull.CLOSE)
    with ThreadPoolExecutor(1) as pool:
        recorder = Recorder(channel, folder, clock, pool)
        recorded = Recorded(channel, recorder, seats, ticks)
        recording = asyncio.create_task(recorder.run())
        mixer = Mixer(recorded, clock)
        mixing = asyncio.create_task(mixer.run())
        await recorded.through.wait()
        mixing.cancel()
        channel.put(ProgrammeEnd(SPACE, ticks * TICK))
        channel.close()
        await recording
    sys.stdout.write(json.dumps({"late": sorted(mixer.late), "faults": sorted(recorded.faults)}))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), round(int(sys.argv[3]) / TICK_SECONDS)))
