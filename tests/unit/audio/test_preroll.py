"""That nothing said before a conversation's return is lost, and that it is soon heard as it is said again."""

import numpy as np
import pytest

from hustings.audio.level import Samples
from hustings.audio.preroll import KEPT, Preroll
from hustings.base.grid import SAMPLE_RATE, TICK

_noise = np.random.default_rng(3)


def quiet(seconds: float, level: float = 0.0005) -> Samples:
    return _noise.normal(0, level, round(seconds * SAMPLE_RATE)).astype(np.float32)


def words(*lengths: float, pause: float = 0.3) -> Samples:
    """Bursts of noise, each of `lengths` seconds, with pauses."""
    return np.concatenate([part for length in lengths for part in (quiet(length, 0.1), quiet(pause))])


def played(preroll: Preroll[None], sound: Samples, *, held: bool = False) -> Samples:
    ticks = sound[: len(sound) // TICK * TICK].reshape(-1, TICK)
    return np.concatenate([preroll.tick(tick, None, held=held)[0] for tick in ticks])


def loud(sound: Samples) -> float:
    """Seconds."""
    powers = (sound.reshape(-1, TICK) ** 2).mean(axis=1)
    return float((powers > 0.001).sum()) * TICK / SAMPLE_RATE


def test_what_is_said_passes_as_it_is_when_nothing_is_held() -> None:
    sound = words(0.5, 0.4)
    assert (played(Preroll[None](), sound) == sound[: len(sound) // TICK * TICK]).all()


def test_the_word_that_ends_a_hold_is_heard_whole() -> None:
    preroll = Preroll[None]()
    played(preroll, quiet(5), held=True)
    word = quiet(0.8, 0.1)
    played(preroll, word, held=True)
    after = played(preroll, np.concatenate((words(0.5, 0.6, 0.7), quiet(2))))
    assert loud(after) == pytest.approx(0.8 + 0.5 + 0.6 + 0.7)
    first = np.concatenate((word, np.zeros(len(after) - len(word), np.float32)))
    spectrum = np.fft.irfft(np.fft.rfft(after) * np.conj(np.fft.rfft(first)))
    assert spectrum.max() > 0.95 * float(np.dot(word, word))  # every sample of it, in order


def test_the_delay_is_given_back_in_the_pauses_that_follow() -> None:
    preroll = Preroll[None]()
    played(preroll, quiet(5), held=True)
    played(preroll, words(0.3, 0.3, pause=0.1), held=True)
    played(preroll, words(0.4))
    assert 0 < preroll.late <= KEPT
    played(preroll, words(*[0.6] * 10, pause=0.4))
    assert preroll.late == 0
    sound = words(0.5)
    assert (played(preroll, sound) == sound[: len(sound) // TICK * TICK]).all()


def test_a_noisy_room_gives_the_delay_back_too() -> None:
    preroll = Preroll[None]()
    played(preroll, quiet(5, 0.01), held=True)
    for _ in range(10):
        played(preroll, np.concatenate((quiet(0.6, 0.1), quiet(0.4, 0.01))))
    assert preroll.late == 0


def test_a_steady_sound_is_not_cut() -> None:
    preroll = Preroll[None]()
    played(preroll, quiet(5), held=True)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hum = (0.1 * np.sin(2 * np.pi * 500 * time)).astype(np.float32)
    played(preroll, hum, held=True)
    out = played(preroll, np.tile(hum, 4))
    assert loud(out) > 3.7
    assert np.abs(np.diff(out[SAMPLE_RATE // 2 :])).max() < 0.01  # no seam


def test_a_hold_of_an_hour_keeps_two_seconds() -> None:
    preroll = Preroll[None]()
    played(preroll, np.zeros(3600 * 50 * TICK // 60, np.float32), held=True)
    assert preroll.late == KEPT


def test_what_belongs_to_a_tick_comes_out_with_it_and_is_left_out_with_it() -> None:
    preroll = Preroll[float]()
    sound = np.concatenate((quiet(1), words(0.4), words(*[0.5] * 6)))
    ticks = sound[: len(sound) // TICK * TICK].reshape(-1, TICK)
    out = [preroll.tick(tick, float(tick[0]), held=number < 70) for number, tick in enumerate(ticks)]
    assert all(samples[0] == mark for samples, mark in out)
    assert (out[100][0] != ticks[100]).any()  # it was late


def test_what_is_cleared_counts_as_lost_only_where_it_was_to_be_heard() -> None:
    preroll = Preroll[None]()
    played(preroll, quiet(5), held=True)
    assert preroll.clear() == 0
    played(preroll, quiet(1, 0.1), held=True)
    played(preroll, quiet(0.5, 0.1))
    late = preroll.late
    assert late > 40
    assert preroll.clear() == late
    assert preroll.clear() == 0
