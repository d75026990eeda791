"""A word in somebody's ear: who hears it, who does not, and what becomes of everything else meanwhile."""

import numpy as np
import pytest
from tests.support.stage import Hall, Speaker, amplitude_at, drained, hall, make_plan, seat

from hustings.audio.level import Samples
from hustings.base.grid import TICK
from hustings.documents.blocks import SeatPacket
from hustings.documents.feed import Voices
from hustings.documents.space import Role
from hustings.stage.talkback import HOLDS, TAIL

pytestmark = pytest.mark.usefixtures("beds")

DUCKED = 0.1 * 10 ** (-12 / 20)
HERTZ = {"ada": 500.0, "ben": 1000.0, "eve": 1500.0, "pat": 2000.0}


def stage_of_four() -> tuple[Hall, dict[str, Speaker]]:
    """Ada hosts and Ben speaks on air, Eve waits backstage, Pat produces."""
    seats = (
        seat("ada", role=Role.HOST), seat("ben"), seat("eve", on_air=False), seat("pat", role=Role.PRODUCER),
    )  # fmt: skip
    stage = hall(make_plan(*seats))
    people = {name: stage.seat(name, Speaker(hertz)) for name, hertz in HERTZ.items()}
    stage.seconds(1)
    stage.blocks()
    drained(stage.out.recorder, object)
    return stage, people


def press(stage: Hall, by: str, *to: str, number: int = 0) -> None:
    chair = stage.room.chair(by)
    assert chair is not None
    stage.room.talkback.press(chair, to, stage.now - stage.started, number)


def release(stage: Hall, by: str, number: int = 0) -> None:
    chair = stage.room.chair(by)
    assert chair is not None
    stage.room.talkback.release(chair, stage.now - stage.started, number)


def loudest(sound: Samples, hertz: float) -> float:
    """Of one frequency, in any tick."""
    return max(amplitude_at(tick, hertz) for tick in sound.reshape(-1, TICK))


def test_only_whom_a_producer_talks_to_hears_it_over_the_rest_turned_down() -> None:
    stage, people = stage_of_four()
    press(stage, "pat", "ada", "eve")
    stage.step(30)
    ada, ben, eve, pat = (people[name] for name in ("ada", "ben", "eve", "pat"))
    for told in (ada, eve):
        assert told.hears(pat) == pytest.approx(0.1, abs=0.002)
        assert told.hears(ben) == pytest.approx(DUCKED, abs=0.002)
    assert ben.hears(pat) < 1e-4
    assert ben.hears(ada) == pytest.approx(0.1, abs=0.002)
    assert pat.hears(pat) < 1e-4
    assert amplitude_at(stage.programme(), pat.hertz) < 1e-6


def test_talking_to_nobody_in_particular_is_talking_to_all() -> None:
    stage, people = stage_of_four()
    press(stage, "pat")
    stage.step(30)
    for name in ("ada", "ben", "eve"):
        assert people[name].hears(people["pat"]) == pytest.approx(0.1, abs=0.002)


def test_it_is_heard_as_soon_as_any_voice() -> None:
    stage, people = stage_of_four()
    people["pat"].amplitude = 0.0
    press(stage, "pat", "ben")
    stage.step(10)
    people["ada"].hertz, people["ada"].amplitude, people["pat"].amplitude = 3000.0, 0.4, 0.1
    stage.step(1)
    assert people["ben"].hears(people["pat"], last=1) > 0.05
    assert people["ben"].hears(people["ada"], last=1) > 0.05


def test_a_host_on_air_who_talks_to_one_is_heard_by_no_listener_and_in_no_recording_meanwhile() -> None:
    stage, people = stage_of_four()
    ada, ben, eve = (people[name] for name in ("ada", "ben", "eve"))
    press(stage, "ada", "eve")
    stage.step(10)
    stage.blocks()
    drained(stage.out.recorder, object)
    stage.frames.clear()
    stage.step(50)
    assert amplitude_at(stage.programme(), ada.hertz) < 1e-4
    assert {packet.seat for packet in drained(stage.out.recorder, SeatPacket)} == {"ben"}
    assert not any(v.speaking for f in stage.frames if isinstance(f, Voices) for v in f.voices if v.seat == "ada")
    assert eve.hears(ada) == pytest.approx(0.1, abs=0.002)
    assert ben.hears(ada) < 1e-4
    assert ada.hears(ben) == pytest.approx(0.1, abs=0.002)
    release(stage, "ada")
    stage.seconds(TAIL)
    stage.step(50)
    assert amplitude_at(stage.programme()[-20 * TICK :], ada.hertz) == pytest.approx(0.1, abs=0.002)
    assert {packet.seat for packet in drained(stage.out.recorder, SeatPacket)} == {"ada", "ben"}
    assert ben.hears(ada) == pytest.approx(0.1, abs=0.002)


def test_a_muted_host_is_heard_by_whom_they_talk_to_and_stays_muted_for_the_rest() -> None:
    stage, people = stage_of_four()
    stage.change_seat("ada", muted=True)
    stage.step(10)
    stage.blocks()
    press(stage, "ada", "eve")
    stage.step(30)
    release(stage, "ada")
    assert people["eve"].hears(people["ada"]) == pytest.approx(0.1, abs=0.002)
    stage.seconds(TAIL)
    stage.step(30)
    assert amplitude_at(stage.programme(), people["ada"].hertz) < 1e-4
    assert people["ben"].hears(people["ada"], last=60) < 1e-4
    assert people["eve"].hears(people["ada"]) < 1e-4


def test_the_last_syllables_on_their_way_when_the_key_goes_up_reach_nobody_but_the_few() -> None:
    stage, people = stage_of_four()
    ada, eve = people["ada"], people["eve"]
    press(stage, "ada", "eve")
    stage.step(20)
    stage.blocks()
    drained(stage.out.recorder, object)
    release(stage, "ada")
    assert stage.room.talkback.held() == []
    stage.step(8)
    assert eve.hears(ada, last=8) == pytest.approx(0.1, abs=0.002)
    ada.amplitude = 0.0
    stage.seconds(TAIL)
    assert loudest(stage.programme(), ada.hertz) < 1e-4
    assert "ada" not in {packet.seat for packet in drained(stage.out.recorder, SeatPacket)}
    ada.amplitude = 0.1
    stage.seconds(1)
    assert loudest(stage.programme(), ada.hertz) == pytest.approx(0.1, abs=0.002)
    assert "ada" in {packet.seat for packet in drained(stage.out.recorder, SeatPacket)}


def test_the_key_pressed_again_before_the_last_word_is_through_stays_pressed() -> None:
    stage, people = stage_of_four()
    press(stage, "ada", "eve")
    stage.step(20)
    stage.blocks()
    release(stage, "ada")
    stage.step(5)
    press(stage, "ada", "eve")
    stage.seconds(HOLDS - 0.5)
    assert [key.by.seat.id for key in stage.room.talkback.held()] == ["ada"]
    assert loudest(stage.programme(), people["ada"].hertz) < 1e-4


def test_a_word_that_was_overtaken_is_not_minded_and_the_newest_is() -> None:
    stage, people = stage_of_four()
    press(stage, "ada", "eve", number=1)
    press(stage, "ada", "eve", number=3)
    release(stage, "ada", number=2)
    stage.step(50)
    assert stage.room.talkback.held()
    assert people["ben"].hears(people["ada"]) < 1e-4
    release(stage, "ada", number=5)
    press(stage, "ada", "eve", number=4)
    stage.step(50)
    assert not stage.room.talkback.held()
    assert people["ben"].hears(people["ada"]) == pytest.approx(0.1, abs=0.002)


def test_another_session_counts_its_words_anew() -> None:
    stage, _ = stage_of_four()
    press(stage, "ada", "eve", number=9)
    release(stage, "ada", number=10)
    stage.seat("ada", Speaker(HERTZ["ada"]))
    press(stage, "ada", "eve", number=1)
    assert stage.room.talkback.held()


def test_whoever_is_taken_off_the_stage_while_talking_is_not_aired_in_leaving() -> None:
    stage, people = stage_of_four()
    press(stage, "ada", "eve")
    stage.step(20)
    stage.blocks()
    stage.change(seats=stage.plan.seats[1:])
    stage.step(20)
    assert loudest(stage.programme(), people["ada"].hertz) < 1e-4


def test_a_key_that_is_told_no_more_lets_go_and_one_that_is_told_again_does_not() -> None:
    stage, people = stage_of_four()
    press(stage, "pat", "ben")
    stage.seconds(HOLDS - 1)
    press(stage, "pat", "ben")
    stage.seconds(HOLDS - 0.5)
    assert people["ben"].hears(people["pat"]) == pytest.approx(0.1, abs=0.002)
    stage.seconds(1.2)
    assert stage.room.talkback.held() == []
    assert people["ben"].hears(people["pat"]) < 1e-4
    assert people["ben"].hears(people["ada"]) == pytest.approx(0.1, abs=0.002)


def test_whoever_is_taken_off_air_while_talking_to_one_is_off_air_afterwards() -> None:
    stage, people = stage_of_four()
    press(stage, "ada", "eve")
    stage.step(10)
    stage.change_seat("ada", on_air=False)
    release(stage, "ada")
    stage.seconds(1)
    stage.blocks()
    stage.seconds(1)
    assert amplitude_at(stage.programme(), people["ada"].hertz) < 1e-4


def test_whoever_leaves_the_stage_while_talking_is_let_go() -> None:
    stage, people = stage_of_four()
    press(stage, "pat", "ben")
    stage.step(10)
    stage.change(seats=stage.plan.seats[:3])
    stage.step(30)
    assert stage.room.talkback.held() == []
    assert people["ben"].hears(people["ada"]) == pytest.approx(0.1, abs=0.002)


def test_pressing_and_letting_go_make_no_click() -> None:
    stage, people = stage_of_four()
    people["pat"].amplitude = 0.0
    people["ben"].amplitude = people["eve"].amplitude = 0.0
    stage.step(10)
    before = len(people["ben"].heard)
    press(stage, "pat", "ben")
    stage.step(20)
    release(stage, "pat")
    stage.step(30)
    heard = np.concatenate(people["ben"].heard[before:])
    assert np.abs(np.diff(heard)).max() < 1.1 * 2 * np.pi * 500 / 48_000 * 0.1
