"""One timeline from doors to end, on the grid, whatever happens to the stage in between."""

import numpy as np
import pytest
from tests.support.stage import DOORS_AT, Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.audio.beds import hold_bed, preshow_bed
from hustings.audio.level import Samples, decibels, loudness, power
from hustings.audio.limiter import DELAY
from hustings.base.grid import PART, SAMPLE_RATE, TICK
from hustings.documents.blocks import ProgrammeBlock, ProgrammeEnd
from hustings.documents.feed import Programme
from hustings.documents.space import SpaceState
from hustings.stage.programme import Loop

pytestmark = pytest.mark.usefixtures("beds")

SMOOTH = 2 * np.pi * 500 / SAMPLE_RATE * 0.1  # the largest step of a 500 Hz hum at 0.1


def kinds(blocks: list[ProgrammeBlock]) -> list[Programme]:
    """The programmes in the order they came."""
    return [b.programme for i, b in enumerate(blocks) if i == 0 or blocks[i - 1].programme is not b.programme]


def similarity(sound: Samples, other: Samples) -> float:
    return float(np.corrcoef(sound, other)[0, 1])


def live(**speaker: float) -> tuple[Hall, Speaker]:
    stage = hall(make_plan(seat("ada")))
    ada = stage.seat("ada", Speaker(**speaker))
    stage.seconds(1)
    return stage, ada


def test_doors_opened_under_our_eyes_begin_at_sample_0_with_the_bed() -> None:
    stage = hall(make_plan(state=SpaceState.SCHEDULED), now=DOORS_AT - 5)
    stage.seconds(1)
    assert stage.blocks() == []
    stage.change(state=SpaceState.DOORS, doors_at=stage.now)
    stage.seconds(2)
    blocks = stage.blocks()
    assert blocks[0].position == 0
    assert [block.position for block in blocks] == list(range(0, 100 * TICK, TICK))
    assert kinds(blocks) == [Programme.PRESHOW]
    out = np.concatenate([block.samples for block in blocks])
    assert similarity(out[SAMPLE_RATE:], preshow_bed()[SAMPLE_RATE - DELAY : 2 * SAMPLE_RATE - DELAY]) > 0.999
    assert loudness(out[SAMPLE_RATE:]) > -24


@pytest.mark.parametrize("away", [10.0, 10.3, 3601.7])
def test_a_restarted_stage_resumes_at_the_next_part_of_the_wall_clock(away: float) -> None:
    stage = hall(make_plan(seat("ada")), now=DOORS_AT + away, resumed=True)
    stage.seconds(2)
    first = stage.blocks()[0].position
    assert first % PART == 0
    assert 0 <= first / SAMPLE_RATE - away <= PART / SAMPLE_RATE
    assert stage.room.timeline.position is not None
    assert stage.room.timeline.position / SAMPLE_RATE == pytest.approx(stage.now - DOORS_AT, abs=0.03)


def test_a_stage_restarted_before_doors_begins_at_sample_0_when_they_open() -> None:
    stage = hall(make_plan(state=SpaceState.SCHEDULED), now=DOORS_AT - 5, resumed=True)
    stage.seconds(1)
    stage.change(state=SpaceState.DOORS, doors_at=stage.now)
    stage.seconds(1)
    assert stage.blocks()[0].position == 0


def test_the_bed_continues_where_it_would_be_after_a_restart() -> None:
    stage = hall(make_plan(state=SpaceState.DOORS), now=DOORS_AT + 100, resumed=True)
    stage.seconds(3)
    blocks = stage.blocks()[-50:]
    start = blocks[0].position - DELAY
    expected = np.take(preshow_bed(), range(start, start + 50 * TICK), mode="wrap")
    np.testing.assert_allclose(np.concatenate([b.samples for b in blocks]), expected, atol=1e-5)


def test_the_first_word_of_a_live_space_is_not_lost_in_a_fade() -> None:
    stage = hall(make_plan(seat("ada"), state=SpaceState.DOORS))
    ada = stage.seat("ada", Speaker(13_000.0))
    stage.seconds(2)
    stage.blocks()
    stage.change(state=SpaceState.LIVE, live_at=stage.now)
    stage.seconds(1)
    programme = stage.programme()
    assert amplitude_at(programme[5 * TICK : 10 * TICK], ada.hertz) == pytest.approx(0.1, abs=0.01)


def test_the_host_s_hold_takes_the_conversation_out_and_gives_it_back() -> None:
    stage, ada = live()
    stage.blocks()
    stage.change(hold=True)
    stage.seconds(2)
    held = stage.programme()
    assert amplitude_at(held[-50 * TICK :], 13_000.0) < 1e-4
    assert loudness(held[-50 * TICK :]) > -26
    ada.hertz = 13_000.0
    stage.seconds(1)
    assert amplitude_at(stage.programme()[-25 * TICK :], 13_000.0) < 1e-4
    stage.change(hold=False)
    stage.seconds(2)
    back = stage.programme()
    assert amplitude_at(back[-50 * TICK :], 13_000.0) == pytest.approx(0.1, abs=0.005)
    assert loudness(back[-50 * TICK :] - back[-50 * TICK :]) < -80


def test_the_hold_bed_is_what_plays_in_a_hold() -> None:
    stage, _ = live()
    stage.change(hold=True)
    stage.seconds(2)
    blocks = stage.blocks()[-25:]
    start = blocks[0].position - DELAY
    expected = np.take(hold_bed(), range(start, start + 25 * TICK), mode="wrap")
    np.testing.assert_allclose(np.concatenate([b.samples for b in blocks]), expected, atol=1e-5)


def test_15_seconds_with_nobody_on_air_bring_the_hold_bed_and_anybody_ends_it() -> None:
    stage, ada = live()
    ada.fall_silent()
    stage.seconds(14)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION]
    stage.seconds(3)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION, Programme.HOLD]
    ada = stage.seat("ada", Speaker())
    stage.seconds(2)
    blocks = stage.blocks()
    assert kinds(blocks) == [Programme.HOLD, Programme.CONVERSATION]
    assert amplitude_at(np.concatenate([b.samples for b in blocks[-25:]]), 500.0) == pytest.approx(0.1, abs=0.005)


def test_somebody_connected_backstage_does_not_keep_the_hold_bed_away() -> None:
    stage = hall(make_plan(seat("ada"), seat("eve", on_air=False)))
    stage.seat("eve", Speaker())
    stage.seconds(16)
    assert kinds(stage.blocks())[-1] is Programme.HOLD


def test_15_seconds_of_silence_bring_the_hold_bed_and_the_first_word_ends_it() -> None:
    stage, ada = live()
    ada.amplitude = 0.0
    stage.seconds(14)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION]
    stage.seconds(3)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION, Programme.HOLD]
    ada.amplitude = 0.1
    stage.seconds(1)
    assert kinds(stage.blocks()) == [Programme.HOLD, Programme.CONVERSATION]


def test_a_silence_that_is_intended_is_heard() -> None:
    stage, ada = live()
    stage.change(silence_intended=True)
    ada.amplitude = 0.0
    stage.seconds(60)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION]


def test_an_intended_silence_with_nobody_there_is_none() -> None:
    stage, ada = live()
    stage.change(silence_intended=True)
    ada.fall_silent()
    stage.seconds(17)
    assert kinds(stage.blocks())[-1] is Programme.HOLD


def test_dead_air_is_told_after_three_seconds_and_only_while_it_lasts() -> None:
    stage, ada = live()
    ada.amplitude = 0.0
    stage.seconds(2.9)
    assert stage.room.watch.silence.dead_air == 0.0
    stage.seconds(1)
    assert 3.0 <= stage.room.watch.silence.dead_air <= 4.0
    ada.amplitude = 0.1
    stage.seconds(0.2)
    assert stage.room.watch.silence.dead_air == 0.0


def test_a_hold_that_the_host_asked_for_is_no_dead_air_and_ends_when_the_host_says() -> None:
    stage, _ = live(amplitude=0.0)
    stage.change(hold=True)
    stage.seconds(20)
    assert stage.room.watch.silence.dead_air == 0.0
    stage.change(hold=False)
    stage.blocks()
    stage.seconds(1)
    assert kinds(stage.blocks()) == [Programme.CONVERSATION]


def test_the_end_closes_within_2_seconds_and_fills_the_last_part() -> None:
    stage, ada = live()
    stage.blocks()
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    stage.seconds(5)
    items = drained(stage.out.broadcast, object)
    end = items[-1]
    assert isinstance(end, ProgrammeEnd)
    assert end.position % PART == 0
    blocks = [item for item in items if isinstance(item, ProgrammeBlock)]
    assert blocks[-1].position + TICK == end.position
    assert len(blocks) * TICK <= 2 * SAMPLE_RATE + PART
    out = np.concatenate([block.samples for block in blocks])
    assert decibels(power(out[int(0.5 * SAMPLE_RATE) : SAMPLE_RATE])) > -40
    assert amplitude_at(out[25 * TICK : 30 * TICK], ada.hertz) < 0.02
    assert not out[2 * SAMPLE_RATE :].any()
    assert drained(stage.out.recorder, ProgrammeEnd) == [end]


def test_nothing_said_after_the_end_goes_out() -> None:
    stage, ada = live()
    ada.hertz = 13_000.0
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    stage.blocks()
    stage.seconds(5)
    assert amplitude_at(stage.programme()[20 * TICK :], 13_000.0) < 1e-4


def test_a_stage_that_died_while_closing_still_ends_the_programme_soon_after_its_end() -> None:
    plan = make_plan(seat("ada"), state=SpaceState.ENDED)
    stage = hall(plan, now=DOORS_AT + 5000, resumed=True)
    stage.change(ended_at=DOORS_AT + 100)
    stage.seconds(4)
    ends = stage.ends()
    assert len(ends) == 1
    assert 100 <= ends[0].position / SAMPLE_RATE <= 108


def test_a_cancelled_announcement_ends_without_a_sound() -> None:
    stage = hall(make_plan(state=SpaceState.SCHEDULED))
    stage.change(state=SpaceState.CANCELLED)
    stage.step(2)
    assert stage.room.air.finished_at is not None
    assert len(stage.out.broadcast) == 0


def test_changes_of_programme_make_no_click() -> None:
    stage, _ = live(amplitude=0.1)
    bed_step = float(np.abs(np.diff(hold_bed())).max())
    stage.blocks()
    for held in (True, False, True):
        stage.change(hold=held)
        stage.seconds(1)
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    stage.seconds(4)
    assert np.abs(np.diff(stage.programme())).max() < bed_step + SMOOTH + 0.002


def test_a_stage_that_stood_still_leaves_a_gap_and_stays_on_the_clock() -> None:
    stage, _ = live()
    before = stage.blocks()[-1].position
    stage.room.skip(100)
    stage.step(1)
    assert stage.blocks()[0].position == before + 101 * TICK


def test_music_of_any_length_loops_and_is_faded_over_to() -> None:
    loop = Loop(np.full(5 * TICK, 0.1, dtype=np.float32))
    loop.replace(np.full(1234, 0.2, dtype=np.float32))
    out = np.concatenate([loop.tick(position) for position in range(0, 60 * TICK, TICK)])
    assert out.size == 60 * TICK
    assert np.abs(np.diff(out)).max() < 0.001
    assert out[-1] == pytest.approx(0.2)
