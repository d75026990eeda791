"""How many listen: pages by their reports, other players by their requests; in virtual time."""

import pytest
from tests.support.crowd import ids

from hustings.documents.distinct import level_of
from hustings.documents.turnout import WITHIN
from hustings.edge.counting import Players, Sampling, Sessions


def test_pages_are_counted_until_they_say_nothing_any_more() -> None:
    sessions = Sessions()
    a, b = ids(2)
    for session in (a, b, a):
        sessions.saw(session, 0.0)
    sessions.expire(WITHIN)
    assert sessions.count(0) == 2
    sessions.saw(a, 30.0)
    sessions.expire(WITHIN + 0.1)
    assert sessions.count(0) == 1
    sessions.expire(30.1 + WITHIN)
    assert sessions.count(0) == 0


def test_a_page_that_leaves_is_not_counted_any_more_and_may_come_back() -> None:
    sessions = Sessions()
    session, other = ids(2)
    sessions.saw(session, 0.0)
    sessions.left(other)
    assert sessions.count(0) == 1
    sessions.left(session)
    assert sessions.count(0) == 0
    sessions.saw(session, 1.0)
    assert sessions.count(0) == 1


def test_what_is_remembered_of_pages_is_bounded() -> None:
    sessions = Sessions(most=3)
    told = ids(10)
    for session in told:
        sessions.saw(session, 0.0)
    assert sessions.count(0) == len(sessions) == 3
    sessions.left(told[0])
    sessions.saw(told[9], 0.0)
    assert sessions.count(0) == 3


@pytest.mark.parametrize("level", [1, 3])
def test_those_of_a_level_stand_for_all(level: int) -> None:
    sessions = Sessions()
    for session in [*ids(100), *ids(50, level)]:
        sessions.saw(session, 0.0)
    asked = list(sessions.at_least(level))
    assert len(asked) >= 50
    assert all(level_of(session) >= level for session in asked)
    assert sessions.count(level) == len(asked) << level
    sessions.keep(level)
    assert len(sessions) == len(asked)
    assert sessions.count(level) == len(asked) << level


def test_fewer_stand_for_all_at_once_and_more_when_they_have_had_time_to_report() -> None:
    sampling = Sampling()
    sampling.ask(3, 0.0)
    assert (sampling.asked, sampling.whole(0.0)) == (3, 3)
    sampling.ask(2, 10.0)
    assert (sampling.asked, sampling.whole(10.0)) == (2, 3)
    sampling.ask(1, 20.0)
    assert (sampling.whole(10.0 + WITHIN), sampling.whole(20.0 + WITHIN)) == (3, 1)
    sampling.ask(4, 80.0)
    assert sampling.whole(80.0) == 4


@pytest.mark.parametrize(("every", "low_latency"), [(3.84, False), (0.96, True)])
@pytest.mark.parametrize("count", [1, 7, 400])
def test_players_without_a_page_are_estimated(count: int, every: float, low_latency: bool) -> None:
    players = Players()
    ask_in_order = sorted(
        (player * every / count + turn * every) for player in range(count) for turn in range(int(60 / every))
    )
    for at in ask_in_order:
        players.playlist(low_latency=low_latency, at=at)
    assert players.estimate(0, ask_in_order[-1]) == pytest.approx(count, abs=max(0.6, 0.1 * count))


def test_pages_are_not_counted_again_as_players() -> None:
    players = Players()
    for at in range(60):
        for page in range(20):
            players.playlist(low_latency=True, at=at + page / 20)
    assert players.estimate(20, 59.9) == 0
    assert players.estimate(0, 59.9) == 0, "nor are those who have just left"
    assert players.estimate(0, 90.0) == 0


def test_players_beside_pages_are_counted_beside_them() -> None:
    players = Players()
    for at in range(60):
        for listener in range(30):
            players.playlist(low_latency=True, at=at + listener / 30)
    assert players.estimate(20, 59.9) == pytest.approx(9, abs=1)


def test_players_who_have_stopped_are_forgotten() -> None:
    players = Players()
    for second in range(40):
        players.playlist(low_latency=True, at=float(second))
    assert players.estimate(0, 39.0) == 1
    assert players.estimate(0, 80.0) == 0
