"""Sketches of sessions: what they count, that they add up, and that bytes which are none are refused."""

import pytest
from tests.support.crowd import ids

from hustings.documents.distinct import MOST_LEVEL, BadSketch, Distinct, level_of, relative_error


def test_the_level_of_a_session_is_how_many_of_its_first_bits_are_zero() -> None:
    told = {"800": 0, "fff": 0, "7ff": 1, "400": 1, "3ff": 2, "001": 11, "000": MOST_LEVEL}
    assert {start: level_of(start + "9" * 21) for start in told} == told


def test_some_thousand_sessions_are_counted_exactly_however_often_they_are_told() -> None:
    sessions = ids(3_000)
    assert Distinct([*sessions, *sessions]).estimate() == pytest.approx(3_000, abs=0.5)
    assert Distinct().estimate() == 0


def test_many_are_counted_within_the_stated_error_in_little_room() -> None:
    found = Distinct(ids(100_000))
    assert found.estimate() == pytest.approx(100_000, rel=relative_error(3))
    assert sum(map(len, found.pack().values())) < 120_000


def test_those_of_a_level_stand_for_all() -> None:
    some = [session for session in ids(40_000) if level_of(session) >= 2]
    assert Distinct(some).estimate(2) == pytest.approx(4 * len(some), rel=relative_error(3))
    assert Distinct(some).estimate(3) == pytest.approx(4 * len(some), rel=0.06)


def test_what_two_have_counted_adds_up_without_counting_twice() -> None:
    sessions = ids(2_000)
    both = Distinct(sessions[:1_200])
    both.merge(Distinct(sessions[800:]).pack())
    assert both.estimate() == pytest.approx(2_000, abs=0.5)
    both.merge({})
    assert both.estimate() == pytest.approx(2_000, abs=0.5)


WHOLE = next(iter(Distinct(ids(5, level=3)).pack().values()))


@pytest.mark.parametrize("packed", [{0: b""}, {0: b"no sketch at all"}, {0: WHOLE[:-1]}, {-1: WHOLE}, {13: WHOLE}])
def test_what_is_no_sketch_is_refused_and_changes_nothing(packed: dict[int, bytes]) -> None:
    found = Distinct(ids(7))
    with pytest.raises(BadSketch):
        found.merge(packed)
    assert found.estimate() == pytest.approx(7)
    found.merge({0: WHOLE})
    assert found.estimate() > 7
