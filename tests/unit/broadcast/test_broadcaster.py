"""The broadcaster by position: what goes in at a sample comes out at that sample, whatever is missing."""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from hustings.base.channel import Channel, WhenFull
from hustings.base.grid import PART, TICK
from hustings.broadcast.broadcaster import MAX_SILENCE, Broadcaster
from hustings.broadcast.feed import FeedHub
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd, Samples
from hustings.documents.feed import End, Frame, FrameReader, Hold, Init, Part, Programme
from hustings.hls.fmp4 import part_info

HOLD = np.zeros(2 * PART, np.float32)


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def blocks(samples: Samples, first: int = 0, programme: Programme = Programme.CONVERSATION) -> list[Block]:
    return [
        ProgrammeBlock("s", first + at, programme, samples[at : at + TICK]) for at in range(0, samples.size, TICK)
    ]


async def published(items: Iterable[Block], pool: Executor) -> list[Frame]:
    """Every frame the broadcaster makes of `items`."""
    channel: Channel[Block] = Channel(100_000, WhenFull.CLOSE)
    hub = FeedHub("e1")
    reader = hub.subscribe()
    for item in items:
        channel.put(item)
    channel.close()
    await asyncio.wait_for(Broadcaster(channel, hub, HOLD, pool).run(), 30)
    return list(FrameReader().feed(b"".join([await reader.get() for _ in range(len(reader))])))[1:]


def numbers(frames: Iterable[Frame], rendition: str = "aac64") -> list[int]:
    return [frame.number for frame in frames if isinstance(frame, Part) and frame.rendition == rendition]


def media(frames: Iterable[Frame]) -> dict[int, bytes]:
    return {f.number: f.data for f in frames if isinstance(f, Part) and f.rendition == "opus32"}


async def test_a_space_begins_with_its_inits_and_hold_parts(tone: Samples, pool: Executor) -> None:
    frames = await published(blocks(tone[:PART]), pool)

    kinds = [type(frame).__name__ for frame in frames]
    assert kinds == ["Init"] * 2 + ["Hold"] * 4 + ["Part"] * 2
    assert {frame.rendition for frame in frames if isinstance(frame, Init)} == {"aac64", "opus32"}
    assert [frame.index for frame in frames if isinstance(frame, Hold)] == [0, 1, 0, 1]


async def test_a_part_goes_out_with_its_last_block(tone: Samples, pool: Executor) -> None:
    assert numbers(await published(blocks(tone[: PART - TICK]), pool)) == []
    assert numbers(await published(blocks(tone[:PART]), pool)) == [0]


async def test_both_renditions_stand_at_the_same_place(tone: Samples, pool: Executor) -> None:
    frames = await published(blocks(tone[: 3 * PART], first=50 * PART), pool)

    for rendition in ("aac64", "opus32"):
        assert numbers(frames, rendition) == [50, 51, 52]
    for frame in frames:
        if isinstance(frame, Part):
            assert part_info(frame.data).decode_time == frame.number * PART


async def test_a_programme_that_begins_within_a_part_waits_for_the_next(tone: Samples, pool: Executor) -> None:
    frames = await published(blocks(tone[: 2 * PART], first=7 * PART + TICK), pool)

    assert numbers(frames) == [8]


async def test_missing_blocks_leave_everything_after_them_in_its_place(tone: Samples, pool: Executor) -> None:
    whole = blocks(tone[: 4 * PART])
    holed = whole[:60] + whole[100:]

    kept = media(await published(whole, pool))
    lost = media(await published(holed, pool))

    assert list(lost) == list(kept) == [0, 1, 2, 3]
    assert lost[0] == kept[0]
    assert lost[1] != kept[1]


async def test_a_missing_part_is_silence(tone: Samples, pool: Executor) -> None:
    whole = blocks(tone[: 4 * PART])

    frames = await published(whole[:48] + whole[3 * 48 :], pool)

    sizes = {number: len(data) for number, data in media(frames).items()}
    assert list(sizes) == [0, 1, 2, 3]
    assert sizes[2] < sizes[0] / 3


async def test_a_long_absence_is_left_to_the_edges(tone: Samples, pool: Executor) -> None:
    later = (MAX_SILENCE + 5) * PART
    items = blocks(tone[:PART]) + blocks(tone[:PART], first=later)

    assert numbers(await published(items, pool)) == [0, MAX_SILENCE + 5]


async def test_a_late_block_changes_nothing(tone: Samples, pool: Executor) -> None:
    items = blocks(tone[: 2 * PART])

    assert numbers(await published(items + items[:3], pool)) == [0, 1]


async def test_the_end_sends_the_last_part_however_short(tone: Samples, pool: Executor) -> None:
    items = [*blocks(tone[: PART + 5 * TICK]), ProgrammeEnd("s", PART + 5 * TICK)]

    frames = await published(items, pool)

    assert numbers(frames) == [0, 1]
    assert frames[-1] == End("s", 1)


async def test_an_end_on_the_grid_sends_no_empty_part(tone: Samples, pool: Executor) -> None:
    frames = await published([*blocks(tone[:PART]), ProgrammeEnd("s", PART)], pool)

    assert numbers(frames) == [0]
    assert frames[-1] == End("s", 0)


async def test_a_part_says_what_it_carries(tone: Samples, pool: Executor) -> None:
    frames = await published(blocks(tone[:PART], programme=Programme.PRESHOW), pool)

    assert [frame.programme for frame in frames if isinstance(frame, Part)] == [Programme.PRESHOW] * 2
