"""The generated beds loop without a seam, sit at the loudness of speech and are the same every time."""

from collections.abc import Callable

import numpy as np
import pytest

from hustings.audio.beds import (
    BED_LUFS,
    END_SAMPLES,
    HOLD_PARTS,
    PEAK,
    PRESHOW_PARTS,
    at_bed_level,
    end_sound,
    hold_bed,
    preshow_bed,
)
from hustings.audio.level import Samples, loudness
from hustings.base.grid import PART, SAMPLE_RATE, TICK

BEDS = [pytest.param(preshow_bed, PRESHOW_PARTS, id="preshow"), pytest.param(hold_bed, HOLD_PARTS, id="hold")]


@pytest.mark.parametrize(("bed", "parts"), BEDS)
def test_a_bed_is_a_whole_number_of_parts(bed: Callable[[], Samples], parts: int) -> None:
    assert bed().shape == (parts * PART,)
    assert bed().dtype == np.float32


@pytest.mark.parametrize(("bed", "parts"), BEDS)
def test_a_bed_is_as_loud_as_speech_and_never_clips(bed: Callable[[], Samples], parts: int) -> None:
    assert loudness(bed()) == pytest.approx(BED_LUFS, abs=1.0)
    assert np.abs(bed()).max() <= PEAK + 1e-4


@pytest.mark.parametrize(("bed", "parts"), BEDS)
def test_the_seam_of_a_loop_is_no_step(bed: Callable[[], Samples], parts: int) -> None:
    steps = np.abs(np.diff(np.concatenate([bed(), bed()[:1]])))
    assert steps[-1] <= steps[:-1].max()


@pytest.mark.parametrize(("bed", "parts"), BEDS)
def test_a_bed_is_never_silent_for_a_second(bed: Callable[[], Samples], parts: int) -> None:
    loop = bed()
    assert all(loudness(loop[at : at + SAMPLE_RATE]) > -26 for at in range(0, loop.size - SAMPLE_RATE, SAMPLE_RATE))


@pytest.mark.parametrize(("bed", "parts"), BEDS)
def test_a_bed_is_the_same_when_made_again(bed: Callable[[], Samples], parts: int) -> None:
    again = bed.__wrapped__  # type: ignore[attr-defined]
    np.testing.assert_array_equal(again(), bed())


def test_the_end_sound_is_short_and_dies_away() -> None:
    assert END_SAMPLES % TICK == 0
    assert END_SAMPLES <= 2 * SAMPLE_RATE
    assert np.abs(end_sound()[-TICK:]).max() < 1e-3
    assert np.abs(end_sound()).max() > 0.1


def test_uploaded_music_comes_to_the_level_of_a_bed_and_silence_stays_silent() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    quiet = (0.01 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    assert loudness(at_bed_level(quiet)) == pytest.approx(BED_LUFS, abs=0.1)
    assert not at_bed_level(np.zeros(TICK, dtype=np.float32)).any()
