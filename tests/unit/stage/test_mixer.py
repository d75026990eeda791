"""The beat neither drifts nor gives up when it is late."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hustings.base.clock import ManualClock
from hustings.base.grid import TICK_SECONDS
from hustings.stage.mixer import MOST_LATE, Mixer


class Counter:
    def __init__(self) -> None:
        self.ticks = 0
        self.skipped = 0
        self.late: deque[float] = deque()

    def tick(self) -> None:
        self.ticks += 1

    def skip(self, ticks: int) -> None:
        self.skipped += ticks


@asynccontextmanager
async def beating(clock: ManualClock) -> AsyncIterator[Counter]:
    counter = Counter()
    mixer = Mixer(counter, clock)
    counter.late = mixer.late
    task = asyncio.create_task(mixer.run())
    await settled()
    yield counter
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def settled() -> None:
    """Let the mixer do all it can do at this time."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_a_tick_every_20_ms_and_none_before() -> None:
    clock = ManualClock()
    async with beating(clock) as counter:
        assert counter.ticks == 0
        for expected in (1, 2, 3):
            clock.advance(TICK_SECONDS * 0.5)
            await settled()
            assert counter.ticks == expected - 1
            clock.advance(TICK_SECONDS * 0.501)
            await settled()
            assert counter.ticks == expected


async def test_ragged_steps_of_time_make_no_tick_too_many_or_too_few() -> None:
    clock = ManualClock()
    async with beating(clock) as counter:
        for _ in range(300):
            clock.advance(0.0317)
            await settled()
        assert counter.ticks == int(clock.monotonic() / TICK_SECONDS)
        assert counter.skipped == 0


async def test_late_ticks_are_made_up_for() -> None:
    clock = ManualClock()
    async with beating(clock) as counter:
        clock.advance(TICK_SECONDS * 30.5)
        await settled()
        assert counter.ticks == 30
        assert counter.skipped == 0


async def test_after_standing_still_the_beat_goes_on_at_once_and_on_the_clock() -> None:
    clock = ManualClock()
    async with beating(clock) as counter:
        clock.advance(TICK_SECONDS * 500.5)
        await settled()
        assert counter.ticks <= MOST_LATE
        assert counter.ticks + counter.skipped == 500
        clock.advance(TICK_SECONDS)
        await settled()
        assert counter.ticks + counter.skipped == 501


async def test_how_late_each_tick_came_is_remembered() -> None:
    clock = ManualClock()
    async with beating(clock) as counter:
        clock.advance(TICK_SECONDS + 0.003)
        await settled()
        clock.advance(TICK_SECONDS - 0.003 + TICK_SECONDS)
        await settled()
    assert list(counter.late) == pytest.approx([0.003, TICK_SECONDS, 0.0])
