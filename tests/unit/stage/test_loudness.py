"""How loud the conversation comes out, whoever speaks: judged by ffmpeg's EBU R 128 meter, not by our own."""

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.support.hearing import voices, write_wav
from tests.support.needs import need_programs
from tests.support.stage import Hall, Speaker, hall, make_plan, seat

from hustings.audio.level import Samples
from hustings.audio.riding import Rider
from hustings.base.grid import SAMPLE_RATE, TICK

pytestmark = pytest.mark.usefixtures("beds")
SETTLED = 8  # seconds of speech after which the loudness is held
SECONDS = 60


class Voice(Speaker):
    """Says a sound over and over at a level, in dB against a well-set microphone, with a room's noise behind it."""

    def __init__(self, sound: Samples, level: float, *, noise: float = 0.0001, seed: int = 1) -> None:
        super().__init__()
        hiss = np.random.default_rng(seed).normal(0, noise, 20 * SAMPLE_RATE)
        length = 20 * SAMPLE_RATE // TICK * TICK
        told = np.resize(np.concatenate((sound, np.zeros(SAMPLE_RATE, np.float32))), length)
        self._ticks = np.clip(told * 10 ** (level / 20) + hiss[:length], -1, 1).astype(np.float32).reshape(-1, TICK)

    def pull(self) -> Samples | None:
        self.pulled += 1
        tick: Samples = self._ticks[self.pulled % len(self._ticks)]
        return tick


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Samples]:
    need_programs("ffmpeg")
    return list(voices(tmp_path_factory.mktemp("voices")).values())


def _talk(people: dict[str, Voice], seconds: float) -> Samples:
    stage: Hall = hall(make_plan(*(seat(name) for name in people)), make_rider=Rider)
    for name, voice in people.items():
        stage.seat(name, voice)
    stage.seconds(seconds)
    return stage.programme()


def judged(sound: Samples, folder: Path) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP."""
    write_wav(folder / "heard.wav", sound)
    command = [
        "ffmpeg",
        "-hide_banner",
        "-i",
        str(folder / "heard.wav"),
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = told[told.rindex("Summary:") :]
    return tuple(float(found) for found in re.findall(r"(?:I|Peak):\s+(-?[\d.]+) ", summary))[:2]  # type: ignore[return-value]


CASTS = {
    "a whisperer": [(0, -24.0)],
    "a shouter": [(1, 16.0)],
    "a whisperer and a shouter": [(0, -24.0), (1, 16.0)],
    "an ordinary voice": [(2, 0.0)],
    "four who shout at once": [(0, 16.0), (1, 16.0), (2, 16.0), (0, 18.0)],
}


@pytest.mark.parametrize("cast", CASTS)
def test_the_conversation_is_at_minus_sixteen_whoever_speaks(cast: str, said: list[Samples], tmp_path: Path) -> None:
    people = {f"seat{n}": Voice(said[which], level, seed=n) for n, (which, level) in enumerate(CASTS[cast])}
    heard = _talk(people, SECONDS)
    integrated, peak = judged(heard[SETTLED * SAMPLE_RATE :], tmp_path)
    assert integrated == pytest.approx(-16, abs=2)
    assert peak <= -1.0
    assert np.abs(heard).max() < 0.85


def test_the_first_seconds_are_not_far_off(said: list[Samples], tmp_path: Path) -> None:
    for level in (-24.0, 16.0):
        integrated, peak = judged(_talk({"ada": Voice(said[0], level)}, SETTLED)[SAMPLE_RATE:], tmp_path)
        assert integrated == pytest.approx(-16, abs=4)
        assert peak <= -1.0


def _noise_in_pauses(heard: Samples, pause: Samples) -> Iterator[float]:
    """dB of the noise in each pause of the speech."""
    for start in range(SETTLED * SAMPLE_RATE, len(heard) - TICK, TICK):
        if not pause[start : start + 10 * TICK].any():
            yield 10 * np.log10(np.mean(heard[start + TICK : start + 9 * TICK].astype(np.float64) ** 2) + 1e-12)


def test_the_room_behind_a_voice_does_not_pump(said: list[Samples]) -> None:
    """Speech and half-second pauses with a steady hiss: in the pauses the hiss is as loud as it was before."""
    rider = Rider()
    random = np.random.default_rng(3)
    words = np.resize(said[0], 40 * SAMPLE_RATE).reshape(-1, SAMPLE_RATE)
    words[:, SAMPLE_RATE // 2 :] = 0
    speech = words.reshape(-1)
    sound = (0.3 * speech + random.normal(0, 0.002, speech.size)).astype(np.float32)
    gains, heard = [], []
    for tick in sound.reshape(-1, TICK):
        heard.append(rider.tick(tick))
        gains.append(rider.gain_db)
    settled = gains[SETTLED * 50 :]
    assert max(settled) - min(settled) < 3.0
    levels = list(_noise_in_pauses(np.concatenate(heard), speech))
    assert len(levels) > 100
    assert max(abs(a - b) for a, b in pairwise(levels)) < 1.5


def test_a_hiss_alone_is_not_raised() -> None:
    rider = Rider()
    hiss = np.random.default_rng(1).normal(0, 0.003, 20 * SAMPLE_RATE).astype(np.float32)
    for tick in hiss.reshape(-1, TICK):
        rider.tick(tick)
    assert abs(rider.gain_db) < 1.0


def test_a_voice_that_turns_from_a_whisper_to_a_shout_is_brought_down_within_two_seconds(said: list[Samples]) -> None:
    rider = Rider()
    sound = np.resize(said[0], 30 * SAMPLE_RATE)
    sound[: 15 * SAMPLE_RATE] *= 10 ** (-24 / 20)
    sound[15 * SAMPLE_RATE :] *= 10 ** (12 / 20)
    gains = []
    for tick in np.clip(sound, -1, 1).reshape(-1, TICK):
        rider.tick(tick)
        gains.append(rider.gain_db)
    assert gains[14 * 50] > 15
    assert gains[17 * 50] < gains[15 * 50] - 12


def test_a_gain_moves_without_a_step() -> None:
    rider = Rider()
    tone = (0.01 * np.sin(2 * np.pi * 440 * np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)
    tone[: 2 * SAMPLE_RATE] *= 3
    heard = np.concatenate([rider.tick(tick) for tick in tone.reshape(-1, TICK)])
    assert np.abs(np.diff(heard)).max() < 2.2 * np.pi * 440 / SAMPLE_RATE * np.abs(heard).max()
