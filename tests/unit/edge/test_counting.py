"""How many listen: pages by their beacons, other players by their requests; in virtual time."""

import pytest

from hustings.edge.counting import Audience, Count, Sessions


def test_pages_are_counted_while_their_beacons_come() -> None:
    audience = Audience()
    for session in ("a", "b", "a"):
        audience.beacon(session, 0.0)
    assert audience.count(60.0) == Count(2, 0)
    audience.beacon("a", 60.0)
    assert audience.count(71.0) == Count(1, 0)
    assert audience.count(131.0) == Count(0, 0)


@pytest.mark.parametrize(("every", "low_latency"), [(3.84, False), (0.96, True)])
@pytest.mark.parametrize("players", [1, 7, 400])
def test_players_without_a_page_are_estimated(players: int, every: float, low_latency: bool) -> None:
    audience = Audience()
    ask_in_order = sorted(
        (player * every / players + turn * every) for player in range(players) for turn in range(int(60 / every))
    )
    for at in ask_in_order:
        audience.playlist(low_latency=low_latency, at=at)
    count = audience.count(ask_in_order[-1])
    assert count.pages == 0
    assert count.others == pytest.approx(players, abs=max(0.6, 0.1 * players))


def test_pages_are_not_counted_again_as_players() -> None:
    audience = Audience()
    for at in range(60):
        for page in range(20):
            if at % 30 == 0:
                audience.beacon(str(page), float(at))
            audience.playlist(low_latency=True, at=at + page / 20)
    assert audience.count(59.9) == Count(20, 0)


def test_players_who_have_stopped_are_forgotten() -> None:
    audience = Audience()
    for second in range(40):
        audience.playlist(low_latency=True, at=float(second))
    assert audience.count(39.0).others == 1
    assert audience.count(80.0) == Count(0, 0)


def test_what_is_remembered_of_pages_is_bounded() -> None:
    sessions = Sessions(most=3)
    for number in range(10):
        sessions.saw(str(number), 0.0)
    assert sessions.count(1.0) == 3
    sessions.saw("0", 50.0)
    sessions.saw("x", 80.0)
    assert sessions.count(80.0) == 2
