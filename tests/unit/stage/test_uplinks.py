"""Two ways into one seat: one is heard, the other takes over within a second, and nobody hears both."""

from dataclasses import replace

import numpy as np
import pytest
from tests.support.stage import Hall, Said, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.blocks import SeatPacket
from hustings.stage.presence import Presence

pytestmark = pytest.mark.usefixtures("beds")
SECOND = SAMPLE_RATE


def on_two_ways() -> tuple[Hall, Speaker, Speaker]:
    """Ada's browser hums at 500 Hz, her other device at 1000, half a second in."""
    stage = hall(make_plan(seat("ada")))
    first = stage.seat("ada", Speaker(500.0))
    second = stage.seat("ada", Speaker(1000.0), second=True)
    stage.step(25)
    stage.programme()
    return stage, first, second


def presence(stage: Hall) -> Presence:
    chair = stage.room.chair("ada")
    assert chair is not None
    return chair.attendance.state


def lose(stage: Hall, way: Speaker) -> None:
    """Its network goes away: packets age as time passes, and nothing is left to play."""
    way.amplitude = 0.0
    for tick in range(50):
        way.said = replace(way.said, last_packet_age=0.02 * (tick + 1))
        stage.step()


def fail(way: Speaker, what: str) -> None:
    """From here on it raises."""

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    setattr(way, what, broken)


def test_only_the_first_way_is_heard_while_both_send() -> None:
    stage, first, second = on_two_ways()
    stage.step(50)
    heard = stage.programme()
    assert amplitude_at(heard, first.hertz) == pytest.approx(0.1, abs=0.002)
    assert amplitude_at(heard, second.hertz) < 0.001
    assert not second.closed
    assert second.pulled == first.pulled == 75


def test_the_second_way_is_heard_within_a_second_of_the_first_ones_end() -> None:
    stage, first, second = on_two_ways()
    lose(stage, first)
    heard = stage.programme()
    assert amplitude_at(heard[SECOND // 2 : SECOND], second.hertz) == pytest.approx(0.1, abs=0.002)
    assert amplitude_at(heard[SECOND // 2 : SECOND], first.hertz) < 0.001
    assert presence(stage) is Presence.CONNECTED


def test_a_way_that_comes_back_is_not_gone_back_to_until_the_other_fails() -> None:
    stage, first, second = on_two_ways()
    lose(stage, first)
    first.amplitude, first.said = 0.1, Said()
    stage.programme()
    stage.seconds(3)
    assert amplitude_at(stage.programme(), first.hertz) < 0.001
    lose(stage, second)
    assert amplitude_at(stage.programme()[SECOND // 2 : SECOND], first.hertz) == pytest.approx(0.1, abs=0.002)


def test_a_second_way_that_sends_nothing_either_is_not_changed_to() -> None:
    stage, first, second = on_two_ways()
    second.said = replace(second.said, last_packet_age=1.0)
    lose(stage, first)
    assert amplitude_at(stage.programme()[SECOND // 2 : SECOND], second.hertz) < 0.001


def test_the_change_makes_no_click() -> None:
    stage, first, second = on_two_ways()
    first.said = replace(first.said, last_packet_age=0.4)
    stage.step(10)
    heard = stage.programme()
    steepest = 0.1 * 2 * np.pi * (first.hertz + second.hertz) / SAMPLE_RATE
    assert np.abs(np.diff(heard)).max() < steepest


def test_a_reload_replaces_the_first_way_and_leaves_the_second() -> None:
    stage, first, second = on_two_ways()
    stage.seat("ada", again := Speaker(1500.0))
    stage.step(50)
    assert stage.closed == [first]
    assert amplitude_at(stage.programme()[TICK * 10 :], again.hertz) == pytest.approx(0.1, abs=0.002)
    assert not second.closed


@pytest.mark.parametrize("what", ["pull", "send"])
def test_a_second_way_that_fails_leaves_the_first_as_it_was_and_is_closed(what: str) -> None:
    stage, first, second = on_two_ways()
    fail(second, what)
    stage.seconds(1)
    assert stage.closed == [second]
    assert amplitude_at(stage.programme(), first.hertz) == pytest.approx(0.1, abs=0.002)
    assert len(first.heard) == 75
    assert presence(stage) is Presence.CONNECTED


@pytest.mark.parametrize("what", ["pull", "send"])
def test_a_first_way_that_fails_is_taken_over_from_at_once_and_is_closed(what: str) -> None:
    stage, first, second = on_two_ways()
    drained(stage.out.recorder, SeatPacket)
    fail(first, what)
    stage.seconds(1)
    assert stage.closed == [first]
    assert amplitude_at(stage.programme()[2 * TICK :], second.hertz) == pytest.approx(0.1, abs=0.002)
    assert len(drained(stage.out.recorder, SeatPacket)) == pytest.approx(50, abs=1)
    assert presence(stage) is Presence.CONNECTED


def test_two_ways_that_both_fail_are_closed_and_the_seat_can_be_taken_anew() -> None:
    stage, first, second = on_two_ways()
    fail(first, "pull")
    fail(second, "pull")
    stage.seconds(1)
    assert set(stage.closed) == {first, second}
    assert presence(stage) is Presence.ABSENT
    stage.programme()
    stage.seat("ada", again := Speaker(1500.0))
    stage.step(20)
    assert amplitude_at(stage.programme(), again.hertz) == pytest.approx(0.1, abs=0.002)


def test_the_seat_stays_taken_until_both_ways_have_ended() -> None:
    stage, first, second = on_two_ways()
    stage.room.detach("ada", first)
    stage.step(20)
    assert amplitude_at(stage.programme()[-TICK * 5 :], second.hertz) == pytest.approx(0.1, abs=0.002)
    assert presence(stage) is Presence.CONNECTED
    stage.room.detach("ada", second)
    assert presence(stage) is Presence.ABSENT


def test_the_recording_has_the_packets_of_the_way_that_is_heard() -> None:
    stage, first, _ = on_two_ways()
    drained(stage.out.recorder, SeatPacket)
    stage.step(10)
    assert len(drained(stage.out.recorder, SeatPacket)) == 10
    lose(stage, first)
    drained(stage.out.recorder, SeatPacket)
    stage.step(10)
    assert len(drained(stage.out.recorder, SeatPacket)) == 10


def test_a_removed_seat_closes_both_ways() -> None:
    stage, first, second = on_two_ways()
    stage.change(seats=())
    stage.step(2)
    assert set(stage.closed) == {first, second}
