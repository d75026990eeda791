"""Levels are what a meter calibrated elsewhere would show."""

import numpy as np
import pytest

from hustings.audio.level import FLOOR_DB, HANGOVER, Meter, Samples, decibels, loudness, power, shown
from hustings.base.grid import SAMPLE_RATE, TICK


def sine(amplitude: float, hertz: float = 997.0, samples: int = TICK) -> Samples:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(samples) / SAMPLE_RATE)).astype(np.float32)


def test_a_full_scale_sine_is_3_decibels_below_full_scale() -> None:
    assert decibels(power(sine(1.0, samples=SAMPLE_RATE))) == pytest.approx(-3.01, abs=0.01)


def test_silence_is_the_floor_and_shows_an_empty_bar() -> None:
    assert decibels(power(np.zeros(TICK, dtype=np.float32))) == FLOOR_DB
    assert shown(FLOOR_DB) == 0.0
    assert shown(0.0) == 1.0


def test_a_997_hertz_sine_at_minus_20_dbfs_has_the_loudness_bs1770_names() -> None:
    # A full-scale 997 Hz sine in one channel is -3.01 LUFS (BS.1770-4, Annex 1).
    assert loudness(sine(0.1, samples=SAMPLE_RATE)) == pytest.approx(-23.01, abs=0.05)
    assert loudness(np.zeros(SAMPLE_RATE, dtype=np.float32)) == FLOOR_DB


def test_the_loudness_of_a_minute_is_that_of_its_parts() -> None:
    assert loudness(sine(0.1, samples=60 * SAMPLE_RATE)) == pytest.approx(-23.01, abs=0.05)


def test_speaking_begins_at_once_and_survives_a_pause_inside_a_sentence() -> None:
    meter = Meter()
    meter.push(sine(0.1))
    assert meter.speaking
    for _ in range(HANGOVER - 1):
        meter.push(None)
    assert meter.speaking
    meter.push(None)
    assert not meter.speaking


def test_room_noise_is_not_speaking_and_does_not_flicker() -> None:
    meter = Meter()
    for _ in range(100):
        meter.push(sine(0.007))  # -46 dBFS: between the two thresholds
        assert not meter.speaking
    meter.push(sine(0.1))
    for _ in range(100):
        meter.push(sine(0.007))
        assert meter.speaking


def test_the_level_is_of_the_last_fifth_of_a_second() -> None:
    meter = Meter()
    for _ in range(10):
        meter.push(sine(1.0))
    assert meter.level == pytest.approx(0.95, abs=0.01)
    for _ in range(10):
        meter.push(None)
    assert meter.level == 0.0
