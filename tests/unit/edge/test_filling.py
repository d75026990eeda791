"""The grid has no hole, whatever becomes of the stage; in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.base.grid import PART_SECONDS as PART
from hustings.edge.filling import MARGIN, MOST, SETTLING, Drop, Restart, Take, Timeline


def heard(count: int, *, first: int = 0) -> Timeline:
    """A timeline after `count` parts, part n arriving when its last sample has been spoken."""
    timeline = Timeline()
    for number in range(first, first + count):
        assert isinstance(timeline.arrived(number, (number + 1) * PART), Take)
    return timeline


def test_nothing_is_due_before_anything_was_heard() -> None:
    assert Timeline().due() is None
    assert not Timeline().overdue(1e9)


def test_a_part_is_lost_a_margin_after_its_time() -> None:
    timeline = heard(10)
    due = 11 * PART + MARGIN
    assert timeline.due() == pytest.approx(due, abs=0.02)
    assert not timeline.overdue(due - 0.05)
    assert timeline.overdue(due + 0.05) == range(10, 11)
    assert not timeline.overdue(due + 0.05)


def test_a_part_whose_place_is_filled_is_dropped() -> None:
    timeline = heard(10)
    timeline.overdue(11 * PART + MARGIN + 0.05)
    assert isinstance(timeline.arrived(10, 13.0), Drop)
    assert timeline.arrived(11, 13.1) == Take(range(11, 11))


def test_a_part_that_comes_within_the_margin_is_taken() -> None:
    timeline = heard(10)
    assert timeline.arrived(10, 11 * PART + 0.9) == Take(range(10, 10))


def test_what_a_restarted_stage_left_out_is_filled_at_once() -> None:
    assert heard(10).arrived(13, 14 * PART) == Take(range(10, 13))


def test_a_gap_too_long_to_fill_begins_anew() -> None:
    assert isinstance(heard(10).arrived(11 + MOST, 5000.0), Restart)


def test_a_replayed_window_does_not_move_the_due_time() -> None:
    timeline = Timeline()
    for number in range(100):
        timeline.arrived(number, 96.3)
    assert timeline.due() == pytest.approx(96.3 + PART + MARGIN, abs=0.15)


@pytest.mark.parametrize("late", [1.1, 2.5, 7.0])
def test_a_stage_that_is_late_for_good_is_heard_again(late: float) -> None:
    timeline = heard(50)
    filled: list[int] = []
    for tick in range(500, 1000):
        at = tick / 10
        filled += timeline.overdue(at)
        for number in range(50, 100):
            if (number + 1) * PART + late == pytest.approx(at, abs=0.05):
                timeline.arrived(number, at)
    assert len(filled) <= late / PART + 2
    assert timeline.next_number is not None
    assert timeline.next_number > 90


def test_a_feed_dialled_again_does_not_move_the_due_time_for_long() -> None:
    timeline = heard(50)
    for number in range(50):
        timeline.arrived(number, 50 * PART + 0.5)
    assert timeline.due() == pytest.approx(51 * PART + 0.5 + MARGIN, abs=0.1)
    timeline.arrived(50, 51 * PART)
    assert timeline.due() == pytest.approx(52 * PART + MARGIN, abs=0.1)


def test_one_late_part_does_not_move_the_due_time() -> None:
    timeline = heard(50)
    timeline.arrived(50, 51 * PART + 0.8)
    assert timeline.due() == pytest.approx(52 * PART + MARGIN, abs=0.1)


@pytest.mark.parametrize("ppm", [-300, 300])
def test_a_senders_clock_may_run_fast_or_slow(ppm: int) -> None:
    timeline = Timeline()
    for number in range(7500):  # two hours
        at = (number + 1) * PART * (1 + ppm / 1e6)
        assert not timeline.overdue(at)
        assert timeline.arrived(number, at) == Take(range(number, number)) or number == 0
    assert timeline.due() == pytest.approx(7501 * PART * (1 + ppm / 1e6) + MARGIN, abs=0.1)


def test_nothing_is_due_after_the_end() -> None:
    timeline = heard(10)
    timeline.ends_at(11)
    assert timeline.overdue(1e6) == range(10, 12)
    assert timeline.finished
    assert timeline.due() is None
    assert isinstance(timeline.arrived(12, 1e6), Drop)


@given(
    lost=st.sets(st.integers(1, 60)),
    late=st.dictionaries(st.integers(1, 60), st.floats(0.0, 5.0)),
    ticks=st.integers(1, 9),
)
def test_every_number_is_published_exactly_once(lost: set[int], late: dict[int, float], ticks: int) -> None:
    timeline = Timeline()
    arrivals = sorted(((n + 1) * PART + late.get(n, 0.0), n) for n in range(61) if n not in lost)
    published: list[int] = []
    at, step = 0.0, ticks / 10
    for when, number in arrivals:
        while at < when:
            published += timeline.overdue(at)
            at += step
        decision = timeline.arrived(number, when)
        if isinstance(decision, Take):
            published += [*decision.missing, number]
    assert published == list(range(len(published)))


@pytest.mark.parametrize("told", [9, 11], ids=["with its last part", "before the hold parts that end it"])
def test_nobody_hears_of_the_end_together_with_the_last_part(told: int) -> None:
    timeline = heard(10)
    last = 10 * PART
    timeline.ends_at(told)
    while not timeline.finished:
        last += 0.1
        timeline.overdue(last)
    assert not timeline.over(last + SETTLING - 0.01)
    assert timeline.over(last + SETTLING)
    assert not timeline.overdue(1e9)


def test_a_programme_that_goes_on_is_never_over() -> None:
    timeline = heard(10)
    timeline.ends_at(10)
    assert not timeline.over(1e9)
