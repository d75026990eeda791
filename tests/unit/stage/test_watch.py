"""Alarms as those who direct see them: up within five seconds of a fault, gone after its cure."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.support.hearing import voices
from tests.support.stage import Hall, Speaker, hall, make_plan, seat
from tests.support.talkers import Loudspeaker, Voice, cut, driven, noise

from hustings.audio.level import Samples
from hustings.audio.riding import Rider
from hustings.base.grid import SAMPLE_RATE
from hustings.documents.space import Role, SpaceState
from hustings.stage.desk import body
from hustings.stage.presence import HELD_FOR

pytestmark = pytest.mark.usefixtures("beds")
WITHIN = 5.0  # seconds


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


def stage_of(people: dict[str, Speaker], **plan: object) -> Hall:
    stage = hall(make_plan(*(seat(name) for name in people)), make_rider=Rider)
    for name, person in people.items():
        stage.seat(name, person)
    if plan:
        stage.change(**plan)
    return stage


def told(stage: Hall) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(b"{" + body(stage.room, 0.0, directs=True))
    return found


def alarms(stage: Hall) -> set[tuple[str, str | None]]:
    return {(alarm["code"], alarm["seat"]) for alarm in told(stage)["alarms"]}


def beyond_hum(stage: Hall) -> set[tuple[str, str | None]]:
    """A hum has nothing above 4 kHz, which is an alarm of its own."""
    return {alarm for alarm in alarms(stage) if alarm[0] != "narrowband"}


def of(stage: Hall, name: str) -> dict[str, Any]:
    return next(dict(found) for found in told(stage)["seats"] if found["id"] == name)


def test_a_good_conversation_has_no_alarms(said: dict[str, Samples]) -> None:
    half = np.zeros(20 * SAMPLE_RATE, np.float32)
    one, other = (np.resize(said[name], len(half)) for name in ("en-us", "en-gb+f3"))
    room = noise(40, 0.0003)
    ada, ben = Voice(np.concatenate((one, half)) + room), Voice(np.concatenate((half, other)) + room)
    stage = stage_of({"ada": ada, "ben": ben})
    for _ in range(80):
        stage.seconds(0.5)
        assert alarms(stage) == set()


def test_a_voice_that_turns_to_a_telephone_s_is_an_alarm_within_five_seconds_and_none_after_the_cure(
    said: dict[str, Samples],
) -> None:
    ada = Voice(said["de"])
    stage = stage_of({"ada": ada})
    stage.seconds(8)
    assert alarms(stage) == set()
    ada.says(cut(said["de"]))
    stage.seconds(WITHIN)
    assert alarms(stage) == {("narrowband", "ada")}
    ada.says(said["de"])
    stage.seconds(8)
    assert alarms(stage) == set()


def test_a_microphone_that_goes_dead_or_is_driven_too_far_is_an_alarm_of_its_seat(said: dict[str, Samples]) -> None:
    ada, ben = Voice(said["en-us"]), Voice(said["de"])
    stage = stage_of({"ada": ada, "ben": ben})
    stage.seconds(3)
    ada.says(np.zeros(SAMPLE_RATE))
    ben.says(driven(said["de"]))
    stage.seconds(WITHIN)
    assert alarms(stage) == {("dead", "ada"), ("clipping", "ben")}
    ada.says(said["en-us"])
    ben.says(said["de"])
    stage.seconds(8)
    assert alarms(stage) == set()


def test_what_is_wrong_with_a_muted_microphone_is_no_alarm(said: dict[str, Samples]) -> None:
    stage = stage_of({"ada": Voice(driven(said["de"])), "ben": Voice(said["en-us"])})
    stage.seconds(2)
    assert alarms(stage) == {("clipping", "ada")}
    stage.change_seat("ada", muted=True)
    stage.seconds(8)
    assert alarms(stage) == set()


def lose(ada: Speaker, stage: Hall, seconds: float) -> None:
    """A frame in five is missed."""
    for _ in range(round(seconds * 10)):
        ada.said = replace(ada.said, missed=ada.said.missed + 1)
        stage.seconds(0.1)


def test_a_network_that_loses_is_an_alarm_and_one_that_recovered_is_none() -> None:
    ada = Speaker()
    stage = stage_of({"ada": ada})
    stage.seconds(6)
    assert beyond_hum(stage) == set()
    lose(ada, stage, WITHIN)
    assert beyond_hum(stage) == {("loss", "ada")}
    stage.seconds(8)
    assert beyond_hum(stage) == set()


@pytest.mark.parametrize(("stood", "alarmed"), [(0.0, True), (0.4, False)])
def test_while_the_stage_itself_stands_still_no_network_is_blamed(stood: float, alarmed: bool) -> None:
    ada = Speaker()
    stage = stage_of({"ada": ada})
    stage.seconds(6)
    for _ in range(5):
        stage.now += stood
        lose(ada, stage, 1.0)
    assert (("loss", "ada") in alarms(stage)) is alarmed


def test_a_producer_who_sends_no_sound_is_here_and_nothing_is_wrong_with_them_before_or_as_they_talk() -> None:
    pat = Speaker(amplitude=0.0)
    pat.said = replace(pat.said, packets=0, last_packet_age=0.2, state="connecting")
    stage = hall(make_plan(seat("ada"), seat("pat", role=Role.PRODUCER, on_air=False)), make_rider=Rider)
    stage.seat("ada", Speaker())
    stage.seat("pat", pat)
    stage.seconds(1)
    assert of(stage, "pat")["connected"] == "connecting"
    pat.said = replace(pat.said, state="connected")
    stage.seconds(1)
    assert of(stage, "pat")["connected"] == "connected"
    pat.said = replace(pat.said, last_packet_age=200.0, state="silent")
    stage.seconds(HELD_FOR + 5)
    assert of(stage, "pat")["connected"] == "connected"
    assert beyond_hum(stage) == set()
    pat.amplitude, pat.said = 0.1, replace(pat.said, packets=9, last_packet_age=0.0, state="connected", concealed=0.2)
    stage.seconds(WITHIN)
    assert alarms(stage) - {("narrowband", "ada")} == set()
    stage.room.detach("pat", pat)
    stage.seconds(1)
    assert of(stage, "pat")["connected"] == "absent"


def test_a_speaker_who_sends_no_sound_is_not_here_yet() -> None:
    ada = Speaker(amplitude=0.0)
    ada.said = replace(ada.said, packets=0)
    stage = stage_of({"ada": ada})
    stage.seconds(2)
    assert of(stage, "ada")["connected"] == "connecting"


def test_a_seat_on_air_that_lost_its_connection_is_missed_until_it_is_back_and_one_that_left_is_not() -> None:
    ada, ben, eve = Speaker(), Speaker(1000.0), Speaker(1500.0)
    stage = stage_of({"ada": ada, "ben": ben, "eve": eve})
    stage.seconds(2)
    stage.room.detach("eve", eve)
    ada.fall_silent()
    stage.seconds(WITHIN)
    assert beyond_hum(stage) == {("absent", "ada")}
    stage.seconds(HELD_FOR)
    assert beyond_hum(stage) == {("absent", "ada")}
    stage.seat("ada", Speaker())
    stage.seconds(3)
    assert beyond_hum(stage) == set()


def test_nobody_is_missed_before_it_is_live_or_off_the_air() -> None:
    ada = Speaker()
    stage = stage_of({"ada": ada, "ben": Speaker(1000.0)}, state=SpaceState.DOORS)
    stage.seconds(2)
    ada.fall_silent()
    stage.seconds(10)
    assert beyond_hum(stage) == set()
    stage.change(state=SpaceState.LIVE)
    stage.seconds(1)
    assert beyond_hum(stage) == {("absent", "ada")}
    stage.change_seat("ada", on_air=False)
    stage.seconds(3)
    assert beyond_hum(stage) == set()


def test_dead_air_is_an_alarm_of_nobody_s_seat() -> None:
    ada = Speaker()
    stage = stage_of({"ada": ada})
    stage.seconds(2)
    ada.amplitude = 0.0
    stage.seconds(WITHIN)
    assert beyond_hum(stage) == {("dead_air", None)}
    ada.amplitude = 0.1
    stage.seconds(3)
    assert beyond_hum(stage) == set()


def test_a_whisper_is_an_alarm_and_told_to_its_seat(said: dict[str, Samples]) -> None:
    ada = Voice(np.resize(said["en-us"], 30 * SAMPLE_RATE) + noise(30, 0.0003))
    stage = stage_of({"ada": ada})
    stage.seconds(20)
    assert of(stage, "ada")["guard"] == ""
    ada.says(np.resize(said["en-us"], 30 * SAMPLE_RATE) * 0.15 + noise(30, 0.0003))
    stage.seconds(WITHIN)
    assert alarms(stage) == {("aside", "ada")}
    assert of(stage, "ada")["guard"] == "aside"


def test_speakers_who_direct_nothing_see_no_alarms_but_their_own_guard() -> None:
    stage = stage_of({"ada": Speaker()})
    stage.seconds(1)
    seen = msgspec.json.decode(b"{" + body(stage.room, 0.0, directs=False))
    assert "alarms" not in seen
    assert seen["seats"][0]["guard"] == ""


def test_an_echo_is_an_alarm_until_headphones_are_put_on(said: dict[str, Samples]) -> None:
    ben = Loudspeaker()
    stage = stage_of({"ada": Voice(said["en-us"]), "ben": ben})
    stage.seconds(WITHIN)
    assert alarms(stage) == {("echo", "ben")}
    assert of(stage, "ben")["silenced"] == ""
    ben.headphones = True
    stage.seconds(10)
    assert alarms(stage) == set()


def test_by_rule_an_echoing_seat_is_silenced_and_heard_again_with_headphones(said: dict[str, Samples]) -> None:
    ada, ben = Voice(said["en-us"]), Loudspeaker()
    stage = stage_of({"ada": ada, "ben": ben}, mute_echo=True)
    stage.seconds(WITHIN)
    assert of(stage, "ben")["silenced"] == "echo"
    assert of(stage, "ada")["silenced"] == ""
    stage.seconds(10)
    assert of(stage, "ben")["silenced"] == "echo"
    ada.heard.clear()
    stage.seconds(1)
    assert max(np.abs(tick).max() for tick in ada.heard) == 0.0  # ada hears herself no more
    ben.headphones = True
    stage.seconds(10)
    assert of(stage, "ben")["silenced"] == ""


@pytest.mark.parametrize("how", ["another session", "unmuted"])
def test_an_echo_of_before_is_not_held_against_whoever_comes_without_one(how: str, said: dict[str, Samples]) -> None:
    ben = Loudspeaker()
    stage = stage_of({"ada": Voice(said["en-us"]), "ben": ben}, mute_echo=True)
    stage.seconds(WITHIN)
    assert of(stage, "ben")["silenced"] == "echo"
    if how == "unmuted":
        stage.change_seat("ben", muted=True)
        stage.seconds(6)
        ben.headphones = True
        stage.change_seat("ben", muted=False)
    else:
        stage.seat("ben", Speaker())
    for _ in range(20):
        stage.step(10)
        assert of(stage, "ben")["silenced"] == ""
        assert not of(stage, "ben")["health"]["echo"]


def test_a_new_session_is_asked_for_no_level_that_another_microphone_gave(said: dict[str, Samples]) -> None:
    stage = stage_of({"ada": Voice(said["en-us"])})
    stage.seconds(30)
    guard = stage.room.watch.seat("ada").guard
    stage.seat("ada", Voice(said["en-us"] * 0.15))
    stage.seconds(20)
    assert guard.word == ""


def test_a_director_may_overrule_the_rule_for_a_seat(said: dict[str, Samples]) -> None:
    stage = stage_of({"ada": Voice(said["en-us"]), "ben": Loudspeaker()}, mute_echo=True)
    stage.seconds(WITHIN)
    stage.room.watch.seat("ben").rule.overrule()
    for _ in range(10):
        stage.seconds(1)
        assert of(stage, "ben")["silenced"] == ""
    stage.change(mute_echo=False)
    stage.seconds(1)
    stage.change(mute_echo=True)
    stage.seconds(WITHIN)
    assert of(stage, "ben")["silenced"] == "echo"


def test_the_desk_counts_how_long_somebody_is_on_air_and_a_hold_stops_no_count() -> None:
    stage = stage_of({"ada": Speaker(), "ben": Speaker()}, state=SpaceState.DOORS)
    stage.seconds(2)
    assert of(stage, "ada")["on_air_for"] == 0.0

    stage.change(state=SpaceState.LIVE)
    stage.change_seat("ben", on_air=False)
    stage.seconds(3)
    stage.change(hold=True)
    stage.seconds(2)

    assert of(stage, "ada")["on_air_for"] == pytest.approx(5.0, abs=0.3)
    assert of(stage, "ben")["on_air_for"] == 0.0
    stage.change_seat("ada", on_air=False)
    stage.seconds(1)
    assert of(stage, "ada")["on_air_for"] == 0.0
