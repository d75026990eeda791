"""Somebody sets the machine's clock by an hour, or a stage is back at once: the programme goes on, never back."""

from pathlib import Path

import pytest
from tests.support.stage import DOORS_AT, Speaker, Town, drained, make_plan, seat

from hustings.base.clock import ManualClock
from hustings.base.grid import PART, SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.documents.blocks import ProgrammeBlock

pytestmark = pytest.mark.usefixtures("beds")

HOUR = 3600.0
SECOND = 50  # ticks


def positions(town: Town) -> list[int]:
    return [block.position for block in drained(town.out.broadcast, ProgrammeBlock)]


async def live_for_a_minute(folder: Path) -> Town:
    town = Town(folder)
    await town.rooms.put(make_plan(seat("ada")))
    town.step()
    await town.settled()
    town.clock.advance(60 - TICK_SECONDS)  # the stage stood still for most of it, which the grid leaves out
    town.rooms.skip(59 * SECOND)
    return town


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
async def test_the_programme_goes_on_block_by_block(tmp_path: Path, jump: float) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    ada = Speaker()
    town.rooms.attach(await town.rooms.authorise("space1", town.token("ada")), ada)
    town.step(SECOND)

    town.clock.jump(jump)
    town.step(SECOND)

    heard = positions(town)
    assert heard == list(range(heard[0], heard[0] + 2 * SECOND * TICK, TICK))[: len(heard)]
    assert len(heard) >= 2 * SECOND - 1
    assert len(ada.heard) == 2 * SECOND
    assert (await town.rooms.authorise("space1", town.token("ada"))).seat == "ada"


@pytest.mark.parametrize("jump", [0.0, HOUR, -HOUR], ids=["not at all", "forward", "back"])
async def test_a_stage_that_is_restarted_afterwards_resumes_where_the_grid_is(tmp_path: Path, jump: float) -> None:
    before = await live_for_a_minute(tmp_path)
    before.clock.jump(jump)
    before.clock.advance(5)

    after = Town(tmp_path, before.clock)
    await after.rooms.load()
    after.step(2 * SECOND)

    first = positions(after)[0]
    assert first % PART == 0
    assert 0 <= first / SAMPLE_RATE - 65 <= (PART + TICK) / SAMPLE_RATE


LATE = 20  # ticks
AWAY = 0.1  # seconds


@pytest.mark.parametrize("reached", range(SECOND, 2 * SECOND, 12))
@pytest.mark.parametrize("late", [0, LATE], ids=["in time", "late"])
async def test_a_stage_that_is_back_at_once_says_nothing_again_that_went_out_however_late_the_programme_began(
    tmp_path: Path, late: int, reached: int
) -> None:
    before = Town(tmp_path)
    await before.rooms.put(make_plan(seat("ada")))
    before.clock.advance(late * TICK_SECONDS)
    for _ in range(late):
        before.rooms.tick()
    before.step(reached)
    await before.settled()
    before.clock.advance(AWAY)

    after = Town(tmp_path, before.clock)
    await after.rooms.load()
    after.step(SECOND)

    said, again = positions(before), positions(after)
    assert len(said) == late + reached
    assert said[-1] < again[0] <= said[-1] + TICK + AWAY * SAMPLE_RATE + PART + TICK


@pytest.mark.parametrize(("boot", "expected"), [("boot1", 65.0), ("boot2", 65.0 + HOUR), ("", 65.0 + HOUR)])
async def test_only_after_a_start_of_the_machine_itself_the_wall_clock_says_where_the_grid_is(
    tmp_path: Path, boot: str, expected: float
) -> None:
    before = await live_for_a_minute(tmp_path)
    before.clock.jump(HOUR)
    before.clock.advance(5)

    after = Town(tmp_path, before.clock, boot)
    await after.rooms.load()
    after.step(2 * SECOND)

    assert positions(after)[0] / SAMPLE_RATE == pytest.approx(expected, abs=PART / SAMPLE_RATE + 0.05)


async def test_doors_opened_by_a_clock_that_is_ahead_of_the_stages_begin_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path, ManualClock(DOORS_AT - HOUR))
    await town.rooms.put(make_plan(seat("ada")))

    town.step(SECOND)

    assert positions(town)[0] == 0
