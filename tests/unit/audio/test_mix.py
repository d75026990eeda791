"""Nothing clips, nothing clicks, and nobody hears themselves."""

import numpy as np
import pytest

from hustings.audio.level import Samples
from hustings.audio.limiter import CEILING, DELAY, Limiter, limit
from hustings.audio.mix import SILENCE, Fader, add, minus
from hustings.base.grid import SAMPLE_RATE, TICK


def sine(amplitude: float, hertz: float = 440.0, samples: int = TICK) -> Samples:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(samples) / SAMPLE_RATE)).astype(np.float32)


def limited(sound: Samples) -> Samples:
    limiter = Limiter()
    return np.concatenate([limiter.tick(sound[at : at + TICK]) for at in range(0, sound.size, TICK)])


def largest_step(sound: Samples) -> float:
    return float(np.abs(np.diff(sound)).max())


def test_thirteen_voices_less_ones_own_are_the_other_twelve() -> None:
    voices = [sine(0.05, 100.0 + 37 * number) for number in range(13)]
    total = add(voices)
    for own in range(13):
        others = np.sum([voice for number, voice in enumerate(voices) if number != own], axis=0)
        np.testing.assert_allclose(minus(total, voices[own]), others, atol=1e-6)


def test_nobody_is_silence_and_whoever_said_nothing_hears_all() -> None:
    assert add([]) is SILENCE
    total = add([sine(0.5)])
    assert minus(total, None) is total


@pytest.mark.parametrize("seed", range(5))
def test_no_sample_leaves_the_limiter_above_its_ceiling(seed: int) -> None:
    random = np.random.default_rng(seed)
    sound = np.concatenate([random.normal(0, level, TICK) for level in random.uniform(0.01, 3.0, 40)])
    sound[random.integers(0, sound.size, 20)] = 13.0
    out = limited(sound.astype(np.float32))
    assert np.abs(out).max() <= CEILING * 1.0001
    assert np.abs(out).max() > CEILING * 0.9


def test_sound_below_the_ceiling_passes_unchanged_5_ms_late() -> None:
    sound = sine(0.8, samples=10 * TICK)
    np.testing.assert_array_equal(limited(sound)[DELAY:], sound[:-DELAY])


def test_buses_that_are_limited_at_once_come_out_as_each_would_alone() -> None:
    random = np.random.default_rng(1)
    sounds = random.normal(0, 0.3, (6, 13, TICK)).astype(np.float32) * random.uniform(0.1, 3.0, (6, 13, 1))
    together, alone = [Limiter() for _ in range(13)], [Limiter() for _ in range(13)]
    for tick in sounds.astype(np.float32):
        each = [bus.tick(sound) for bus, sound in zip(alone, tick, strict=True)]
        np.testing.assert_array_equal(limit(together, list(tick)), each)


def test_a_shout_is_turned_down_without_a_click_and_the_gain_comes_back() -> None:
    quiet, shout = sine(0.2, 100.0, 20 * TICK), sine(4.0, 100.0, 10 * TICK)
    sound = np.concatenate([quiet, shout, quiet, quiet])
    out = limited(sound)
    assert largest_step(out) < 2 * largest_step(sine(CEILING, 100.0, TICK))
    assert largest_step(sound) > 4 * largest_step(out)
    np.testing.assert_allclose(out[-TICK:], sound[-TICK - DELAY : -DELAY], atol=2e-3)


@pytest.mark.parametrize("milliseconds", [20, 40, 300])
def test_a_fade_lasts_its_time_and_makes_no_click(milliseconds: int) -> None:
    fader, tone = Fader(0.0), np.ones(TICK, dtype=np.float32)
    fader.aim(1.0, milliseconds)
    ticks = milliseconds // 20
    up = np.concatenate([fader.apply(tone) for _ in range(ticks)])
    assert fader.resting
    assert up[0] < 0.01
    assert up[-1] == pytest.approx(1.0)
    assert largest_step(up) < 2.0 / up.size
    fader.aim(0.0, milliseconds)
    down = np.concatenate([fader.apply(tone) for _ in range(ticks)])
    assert fader.shut
    assert largest_step(np.concatenate([up, down])) < 2.0 / up.size


def test_a_fade_turned_round_half_way_makes_no_jump() -> None:
    fader, tone = Fader(0.0), np.ones(TICK, dtype=np.float32)
    fader.aim(1.0, 100)
    first = [fader.apply(tone) for _ in range(3)]
    fader.aim(0.0, 100)
    assert largest_step(np.concatenate([*first, *(fader.apply(tone) for _ in range(5))])) < 0.001


def test_a_resting_fader_costs_no_copy() -> None:
    tone = sine(0.5)
    assert Fader(1.0).apply(tone) is tone
    assert Fader(0.0).apply(tone) is SILENCE
