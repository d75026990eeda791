"""What an open microphone is told apart by: a murmur from speech, a whisper from the usual voice."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from tests.support.hearing import voices

from hustings.audio.level import Meter, Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.guard import FORGOTTEN, LOOK, Guard

ROOM = -62.0  # dBFS: its noise, after a browser's noise suppression


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


class Microphone:
    """On air; `seconds` of levels are said into it."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.others_talk = False
        self.muted = False

    def level(self, db: float, seconds: float) -> None:
        for _ in range(round(seconds / LOOK)):
            self.guard.look(db, is_open=not self.muted, aired=True, others_talk=self.others_talk)

    def speech(self, db: float, seconds: float) -> None:
        """Words around `db`, with a pause of 0.2 s after each 0.8 s."""
        words = itertools.cycle((db - 4, db + 2, db + 3, db - 1, ROOM))
        for _ in range(round(seconds / LOOK)):
            self.level(next(words), LOOK)

    def say(self, sound: Samples, heard: Callable[[Guard], None] = lambda _guard: None) -> None:
        meter = Meter()
        for number, tick in enumerate(sound[: len(sound) // TICK * TICK].reshape(-1, TICK)):
            meter.push(tick)
            if number % 10 == 9:
                self.level(meter.db, LOOK)
                heard(self.guard)


def test_clear_speech_of_some_length_is_speech_and_a_cough_is_none() -> None:
    mic = Microphone()
    mic.level(ROOM, 10)
    mic.level(-20.0, 0.4)
    assert not mic.guard.speaks
    mic.level(ROOM, 10)
    mic.speech(-25.0, 1.0)
    assert mic.guard.speaks


def test_two_short_words_with_a_pause_between_are_speech() -> None:
    mic = Microphone()
    mic.level(ROOM, 10)
    mic.level(-25.0, 0.4)
    mic.level(ROOM, 0.8)
    mic.level(-25.0, 0.2)
    assert mic.guard.speaks


def test_a_murmur_of_a_known_voice_is_no_speech_and_its_usual_voice_is() -> None:
    mic = Microphone()
    mic.speech(-25.0, 30)
    mic.level(ROOM, 16)
    for _ in range(10):
        mic.speech(-39.0, 3)
        assert not mic.guard.speaks
        mic.level(ROOM, 6)
    mic.speech(-25.0, 1)
    assert mic.guard.speaks


def test_somebody_who_is_always_quiet_speaks_as_clearly_as_anybody() -> None:
    mic = Microphone()
    mic.speech(-47.0, 30)
    mic.level(ROOM, 16)
    assert not mic.guard.speaks
    mic.speech(-47.0, 1)
    assert mic.guard.speaks


def test_a_room_s_steady_noise_is_no_voice_and_one_above_it_is() -> None:
    mic = Microphone()
    mic.level(-50.0, 20)
    assert not mic.guard.voiced
    mic.level(-40.5, LOOK)
    assert mic.guard.voiced


def test_a_whisper_is_told_within_five_seconds_and_forgotten_when_the_voice_is_back() -> None:
    mic = Microphone()
    mic.speech(-22.0, 30)
    assert not mic.guard.aside
    mic.speech(-39.0, 5)
    assert mic.guard.word == "aside"
    mic.speech(-22.0, 5)
    assert mic.guard.word == ""


def test_a_voice_that_moved_away_for_good_becomes_the_usual_one() -> None:
    mic = Microphone()
    mic.speech(-22.0, 30)
    mic.speech(-36.0, 5)
    assert mic.guard.aside
    mic.speech(-36.0, 240)
    assert not mic.guard.aside


@pytest.mark.parametrize("db", [-35.0, -42.0, -48.0])
def test_whoever_goes_on_speaking_far_more_quietly_speaks_after_some_seconds(db: float) -> None:
    mic = Microphone()
    mic.speech(-23.0, 60)
    mic.level(ROOM, 16)
    mic.speech(db, 3)
    assert not mic.guard.speaks
    mic.speech(db, 5)
    assert mic.guard.speaks


def test_what_was_usual_with_another_microphone_is_not_asked_of_this_one() -> None:
    mic = Microphone()
    mic.speech(-23.0, 60)
    mic.level(ROOM, 16)
    mic.guard.learn_anew()
    mic.speech(-34.0, 1)
    assert mic.guard.speaks


def test_every_real_voice_that_goes_on_at_a_sixth_of_its_usual_speaks_and_a_steady_noise_never_does(
    said: dict[str, Samples],
) -> None:
    for name, sound in said.items():
        mic = Microphone()
        noise = np.random.default_rng(1).normal(0, 0.0003, 60 * SAMPLE_RATE).astype(np.float32)
        mic.say(np.resize(sound, len(noise)) + noise)
        mic.say(noise[: 16 * SAMPLE_RATE])
        mic.say(np.resize(sound, 12 * SAMPLE_RATE) * 0.15 + noise[: 12 * SAMPLE_RATE])
        assert mic.guard.speaks, name
    fan = Microphone()
    fan.speech(-23.0, 60)
    fan.level(ROOM, 16)
    for _ in range(100):
        fan.level(-42.0, LOOK)
        assert not fan.guard.speaks


def test_a_whisper_that_is_over_is_told_no_more() -> None:
    mic = Microphone()
    mic.speech(-22.0, 30)
    mic.speech(-39.0, 5)
    assert mic.guard.aside
    mic.level(ROOM, 6)
    assert not mic.guard.aside


def test_no_real_voice_whispers_when_it_speaks_as_it_does_and_each_does_at_a_fifth(said: dict[str, Samples]) -> None:
    def usual(guard: Guard) -> None:
        assert not guard.aside

    for name, sound in said.items():
        mic = Microphone()
        noise = np.random.default_rng(1).normal(0, 0.0003, 45 * SAMPLE_RATE).astype(np.float32)
        mic.say(np.resize(sound, len(noise)) + noise, usual)
        mic.say(np.resize(sound, 5 * SAMPLE_RATE) * 0.15 + noise[: 5 * SAMPLE_RATE])
        assert mic.guard.aside, name


def test_an_open_microphone_that_nobody_uses_while_others_talk_is_forgotten_after_two_minutes() -> None:
    mic = Microphone()
    mic.speech(-25.0, 10)
    mic.others_talk = True
    mic.level(ROOM, 110)
    assert not mic.guard.forgotten
    mic.level(ROOM, 15)
    assert mic.guard.word == "forgotten"
    mic.speech(-25.0, 1)
    assert mic.guard.word == ""


def test_a_microphone_is_not_forgotten_while_nobody_talks_or_when_it_is_muted() -> None:
    silent, muted = Microphone(), Microphone()
    silent.level(ROOM, 3 * FORGOTTEN * LOOK)
    muted.others_talk = muted.muted = True
    muted.level(ROOM, 3 * FORGOTTEN * LOOK)
    assert (silent.guard.word, muted.guard.word) == ("", "")
