"""A programme as the mixer hands it over, and a recorder run on it to its end."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from pathlib import Path

from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import ManualClock
from hustings.base.grid import TICK
from hustings.broadcast.recorder import Recorder
from hustings.documents.blocks import Block, ProgrammeBlock, Samples
from hustings.documents.feed import Programme


def blocks(
    samples: Samples, first: int = 0, programme: Programme = Programme.CONVERSATION, space: str = "s"
) -> list[Block]:
    """`samples` from position `first` on, 20 ms each."""
    return [
        ProgrammeBlock(space, first + at, programme, samples[at : at + TICK]) for at in range(0, samples.size, TICK)
    ]


async def record(
    items: Iterable[Block],
    folder: Path,
    executor: Executor,
    *,
    ended: Callable[[str], None] = lambda _space: None,
    reserve: int = 1_000_000,
) -> None:
    """One run of a recorder over `items`; the stage then goes down in order."""
    channel: Channel[Block] = Channel(1_000_000, WhenFull.CLOSE)
    for item in items:
        channel.put(item)
    channel.close()
    await Recorder(channel, folder, ManualClock(), executor, ended=ended, reserve=reserve).run()
