"""Who hears whom, who is put out, and what the public is told."""

from itertools import pairwise

import numpy as np
import pytest
from tests.support.stage import Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.base.grid import TICK
from hustings.documents.blocks import SeatPacket
from hustings.documents.feed import Plan, Programme, Voices
from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Role, SpaceState
from hustings.stage.presence import HELD_FOR, Presence
from hustings.stage.room import NotSeated, SpaceOver, TokenReplaced

pytestmark = pytest.mark.usefixtures("beds")


def presence(stage: Hall, name: str) -> Presence:
    chair = stage.room.chair(name)
    assert chair is not None
    return chair.attendance.state


def packets(stage: Hall) -> list[SeatPacket]:
    return drained(stage.out.recorder, SeatPacket)


def test_two_hear_each_other_and_not_themselves() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    ada, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0))
    stage.step(30)
    assert ada.hears(ben) == pytest.approx(0.1, abs=0.002)
    assert ben.hears(ada) == pytest.approx(0.1, abs=0.002)
    assert ada.hears(ada) < 0.001
    assert ben.hears(ben) < 0.001


def test_each_of_thirteen_hears_the_other_twelve() -> None:
    names = [f"seat{number}" for number in range(13)]
    stage = hall(make_plan(*(seat(name) for name in names)))
    people = [stage.seat(name, Speaker(100.0 * (n + 2), 0.05)) for n, name in enumerate(names)]
    stage.step(30)
    for listener in people:
        for other in people:
            expected = 0.0 if other is listener else 0.05
            assert listener.hears(other) == pytest.approx(expected, abs=0.002)
    assert all(person.pulled == 30 for person in people)
    assert all(len(person.heard) == 30 for person in people)


def test_all_may_shout_at_once_and_nothing_clips() -> None:
    names = [f"seat{number}" for number in range(13)]
    stage = hall(make_plan(*(seat(name) for name in names)))
    people = [stage.seat(name, Speaker(100.0 * (n + 2), 0.9)) for n, name in enumerate(names)]
    stage.step(30)
    assert np.abs(stage.programme()).max() <= 0.85
    assert all(np.abs(np.concatenate(person.heard)).max() <= 0.85 for person in people)


def test_backstage_hears_all_but_is_not_heard_on_air_nor_by_listeners() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben"), seat("eve", on_air=False), seat("fay", on_air=False)))
    ada, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0))
    eve, fay = stage.seat("eve", Speaker(1500.0)), stage.seat("fay", Speaker(2000.0))
    stage.seconds(1)
    programme = stage.programme()[-20 * TICK :]
    for hidden in (eve, fay):
        assert amplitude_at(programme, hidden.hertz) < 1e-6
        assert ada.hears(hidden) < 1e-6
    for heard in (ada, ben):
        assert amplitude_at(programme, heard.hertz) == pytest.approx(0.1, abs=0.002)
        assert eve.hears(heard) == pytest.approx(0.1, abs=0.002)
    assert eve.hears(fay) == pytest.approx(0.1, abs=0.002)
    assert eve.hears(eve) < 0.001


def test_the_switch_brings_a_voice_on_air_without_a_click() -> None:
    stage = hall(make_plan(seat("ada", on_air=False)))
    ada = stage.seat("ada", Speaker(500.0))
    stage.seconds(1)
    stage.change_seat("ada", on_air=True)
    stage.seconds(1)
    programme = stage.programme()
    assert amplitude_at(programme[-10 * TICK :], ada.hertz) == pytest.approx(0.1, abs=0.002)
    smoothest = 2 * np.pi * 500 / 48_000 * 0.1
    assert np.abs(np.diff(programme)).max() < 1.2 * smoothest


def test_before_the_start_all_hear_each_other_and_listeners_hear_only_the_bed() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben"), state=SpaceState.DOORS))
    ada, ben = stage.seat("ada", Speaker(13_000.0)), stage.seat("ben", Speaker(14_000.0))
    stage.seconds(2)
    assert ada.hears(ben) == pytest.approx(0.1, abs=0.002)
    before = stage.programme()[-50 * TICK :]
    stage.change(state=SpaceState.LIVE, live_at=stage.now)
    stage.seconds(2)
    after = stage.programme()[-50 * TICK :]
    assert amplitude_at(before, ada.hertz) < 1e-4
    assert amplitude_at(after, ada.hertz) == pytest.approx(0.1, abs=0.002)


def test_backstage_works_before_doors_and_nothing_goes_out() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben"), state=SpaceState.SCHEDULED))
    ada, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0))
    stage.step(30)
    assert ada.hears(ben) == pytest.approx(0.1, abs=0.002)
    assert len(stage.out.broadcast) == 0
    assert len(stage.out.recorder) == 0


def test_a_muted_seat_is_heard_by_nobody_and_unmuting_brings_it_back() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    ada, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0))
    stage.step(20)
    stage.change_seat("ben", muted=True)
    stage.step(30)
    assert ada.hears(ben) < 1e-6
    assert ben.hears(ada) == pytest.approx(0.1, abs=0.002)
    stage.change_seat("ben", muted=False)
    stage.step(30)
    assert ada.hears(ben) == pytest.approx(0.1, abs=0.002)


def test_a_producer_hears_all_and_is_never_heard_or_listed() -> None:
    stage = hall(make_plan(seat("ada"), seat("eve", on_air=False), seat("pat", role=Role.PRODUCER)))
    ada, eve = stage.seat("ada", Speaker(500.0)), stage.seat("eve", Speaker(1000.0))
    pat = stage.seat("pat", Speaker(1500.0))
    stage.seconds(1)
    assert pat.hears(ada) == pytest.approx(0.1, abs=0.002)
    assert pat.hears(eve) == pytest.approx(0.1, abs=0.002)
    assert eve.hears(pat) < 1e-6
    assert ada.hears(pat) < 1e-6
    assert amplitude_at(stage.programme()[-20 * TICK :], pat.hertz) < 1e-6
    voices = [frame for frame in stage.frames if isinstance(frame, Voices)][-1]
    assert [voice.seat for voice in voices.voices] == ["ada", "eve"]


def test_a_track_holds_what_was_said_on_air_and_nothing_else() -> None:
    stage = hall(make_plan(seat("ada"), seat("eve", on_air=False), state=SpaceState.DOORS))
    stage.seat("ada", Speaker(500.0))
    stage.seat("eve", Speaker(1000.0))
    stage.seconds(1)
    assert packets(stage) == []
    stage.change(state=SpaceState.LIVE, live_at=stage.now)
    stage.seconds(1)
    kept = packets(stage)
    assert {packet.seat for packet in kept} == {"ada"}
    assert 48 <= len(kept) <= 50
    assert all(after.position - before.position == TICK for before, after in pairwise(kept))
    stage.change_seat("ada", muted=True)
    stage.seconds(1)
    assert packets(stage) == []


def test_a_track_keeps_its_place_when_packets_are_lost_or_played_two_at_once() -> None:
    stage = hall(make_plan(seat("ada")))
    ada = stage.seat("ada", Speaker(500.0))
    stage.step(5)
    assert ada.on_packet is not None
    ada.on_packet(b"merged")
    ada.amplitude = 0.0  # a packet is lost
    stage.step(3)
    ada.amplitude = 0.1
    stage.step(2)
    kept = packets(stage)
    positions = [packet.position // TICK for packet in kept]
    assert positions == sorted(set(positions))
    blocks = stage.blocks()
    assert kept[-1].position == blocks[-1].position


def test_a_space_not_to_be_recorded_gives_the_recorder_nothing() -> None:
    stage = hall(make_plan(seat("ada")))
    stage.change(record=False)
    stage.seat("ada", Speaker(500.0))
    stage.seconds(1)
    assert len(stage.out.recorder) == 0
    assert stage.blocks()


def test_a_new_session_takes_the_seat_over_and_the_former_is_closed() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    first, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0))
    stage.step(20)
    second = stage.seat("ada", Speaker(1500.0))
    stage.room.detach("ada", first)
    stage.step(20)
    assert stage.closed == [first]
    assert first.on_packet is None
    assert ben.hears(second) == pytest.approx(0.1, abs=0.002)
    assert ben.hears(first) < 1e-6
    assert presence(stage, "ada") is Presence.CONNECTED


def test_a_removed_seat_is_put_out_within_a_tick_and_without_a_click() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    ada, ben = stage.seat("ada", Speaker(500.0)), stage.seat("ben", Speaker(1000.0, 0.0))
    stage.step(50)
    stage.change(seats=(seat("ben"),))
    stage.step(1)
    assert stage.closed == [ada]
    stage.step(10)
    assert np.abs(np.diff(np.concatenate(ben.heard[-25:]))).max() < 1.2 * 2 * np.pi * 500 / 48_000 * 0.1
    with pytest.raises(NotSeated):
        stage.seat("ada", Speaker())


def test_an_older_generation_is_put_out_and_refused_and_the_newer_is_not() -> None:
    stage = hall(make_plan(seat("ada")))
    ada = stage.seat("ada", Speaker())
    stage.step(20)
    stage.change_seat("ada", generation=1)
    assert stage.closed == [ada]
    with pytest.raises(TokenReplaced):
        stage.seat("ada", Speaker(), generation=0)
    stage.seat("ada", Speaker(), generation=1)
    stage.step(20)
    assert presence(stage, "ada") is Presence.CONNECTED


@pytest.mark.parametrize("second", [False, True])
def test_a_newer_token_that_is_faster_than_its_plan_puts_the_older_one_s_session_out(second: bool) -> None:
    stage = hall(make_plan(seat("ada")))
    ada = stage.seat("ada", Speaker(500.0))
    stage.step(20)
    again = stage.seat("ada", Speaker(1000.0), generation=1, second=second)
    assert stage.closed == [ada]
    stage.step(5)
    stage.blocks()
    stage.change_seat("ada", generation=1)
    stage.step(20)
    assert stage.closed == [ada]
    assert amplitude_at(stage.programme(), again.hertz) == pytest.approx(0.1, abs=0.002)
    assert presence(stage, "ada") is Presence.CONNECTED


def test_a_seat_that_is_not_in_the_plan_is_refused() -> None:
    stage = hall(make_plan(*(seat(f"seat{number}") for number in range(13))))
    stage.seat("seat12", Speaker())
    with pytest.raises(NotSeated):
        stage.seat("seat13", Speaker())


def test_nobody_can_sit_down_in_a_space_that_is_over() -> None:
    stage = hall(make_plan(seat("ada")))
    stage.change(state=SpaceState.ENDED, ended_at=stage.now)
    with pytest.raises(SpaceOver):
        stage.room.admit(SeatClaim("space1", "ada", 0))


def test_a_seat_without_packets_is_reconnecting_is_held_a_minute_and_then_freed() -> None:
    stage = hall(make_plan(seat("ada"), state=SpaceState.SCHEDULED))
    assert presence(stage, "ada") is Presence.ABSENT
    ada = Speaker()
    ada.said = type(ada.said)(packets=0)
    stage.seat("ada", ada)
    stage.step(20)
    assert presence(stage, "ada") is Presence.CONNECTING
    ada.said = type(ada.said)(packets=5)
    stage.step(20)
    assert presence(stage, "ada") is Presence.CONNECTED
    ada.fall_silent()
    stage.step(20)
    assert presence(stage, "ada") is Presence.RECONNECTING
    stage.seconds(HELD_FOR - 2)
    assert presence(stage, "ada") is Presence.RECONNECTING
    assert stage.closed == []
    stage.seconds(4)
    assert presence(stage, "ada") is Presence.ABSENT
    assert stage.closed == [ada]


def test_a_session_closed_on_purpose_frees_the_seat_and_a_lost_one_holds_it() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    ada, ben = stage.seat("ada", Speaker()), stage.seat("ben", Speaker())
    stage.step(20)
    ben.fall_silent()
    stage.step(20)
    stage.room.detach("ada", ada)
    stage.room.detach("ben", ben)
    assert presence(stage, "ada") is Presence.ABSENT
    assert presence(stage, "ben") is Presence.RECONNECTING
    stage.seat("ben", Speaker())
    stage.step(20)
    assert presence(stage, "ben") is Presence.CONNECTED


def test_a_peer_that_raises_costs_only_its_own_sound() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben"), seat("eve")))
    ada, ben, eve = (stage.seat(n, Speaker(h)) for n, h in (("ada", 500.0), ("ben", 1000.0), ("eve", 1500.0)))
    ben.broken = True
    stage.step(30)
    assert ada.hears(eve) == pytest.approx(0.1, abs=0.002)
    stage.seconds(1)
    assert stage.closed == [ben]  # so that it connects anew


def test_who_says_nothing_hears_all_and_whoever_begins_to_speak_hears_no_click() -> None:
    stage = hall(make_plan(seat("ada"), seat("ben")))
    stage.seat("ada", Speaker(500.0))
    ben = stage.seat("ben", Speaker(1000.0, 0.0))
    stage.step(50)
    ben.amplitude = 0.1
    stage.step(50)
    heard = np.concatenate(ben.heard[-80:])
    assert amplitude_at(heard, 500.0) == pytest.approx(0.1, abs=0.002)
    assert amplitude_at(heard, 1000.0) < 0.001
    assert np.abs(np.diff(heard)).max() < 1.05 * 2 * np.pi * 500 / 48_000 * 0.1


def test_voices_tell_levels_on_air_and_never_those_backstage() -> None:
    stage = hall(make_plan(seat("ada"), seat("eve", on_air=False)))
    stage.seat("ada", Speaker(500.0))
    stage.seat("eve", Speaker(1000.0))
    stage.seconds(1)
    voices = {v.seat: v for f in stage.frames if isinstance(f, Voices) for v in f.voices}
    assert voices["ada"].speaking
    assert voices["ada"].level > 0.5
    assert voices["ada"].connected
    assert not voices["eve"].speaking
    assert voices["eve"].level == 0.0
    assert voices["eve"].connected


def test_voices_come_once_a_second_at_least_and_four_times_at_most() -> None:
    stage = hall(make_plan(seat("ada")))
    stage.seconds(10)
    told = [frame for frame in stage.frames if isinstance(frame, Voices)]
    assert 10 <= len(told) <= 42
    assert told[-1].programme is Programme.CONVERSATION


def test_an_older_plan_changes_nothing_and_a_newer_is_told_to_the_edges() -> None:
    stage = hall(make_plan(seat("ada"), revision=5))
    assert not stage.room.update(make_plan(revision=4))
    assert stage.room.chair("ada") is not None
    assert stage.room.update(make_plan(revision=6))
    assert stage.room.chair("ada") is None
    assert [frame.plan.revision for frame in stage.frames if isinstance(frame, Plan)] == [5, 6]
