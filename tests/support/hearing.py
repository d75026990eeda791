"""Voices to speak with, and what an ear makes of what comes out: PESQ-wb and STOI at 16 kHz."""

import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pystoi import stoi
from scipy.signal import correlate, resample_poly
from tests.support.needs import need_programs
from tests.support.scores import pesq

Samples = npt.NDArray[np.float32]

RATE = 48_000
NATURAL = Path(__file__).parents[2].parent / "shared" / "audio" / "natural-voice.wav"
TEXTS = {
    "en-us": "Good evening, and welcome to the town hall. Tonight we speak about the harbour bridge, its cost, and "
    "who will pay for it. Please keep your questions short.",
    "en-gb+f3": "Thank you for the invitation. The figures in the report are six months old, and since then the "
    "price of steel has fallen by a fifth.",
    "de": "Guten Abend. Die Brücke wird im Frühjahr geschlossen, und niemand weiß heute, wann sie wieder öffnet.",
}


def read_wav(path: Path) -> Samples:
    """Mono, 48 kHz, whatever the file's rate."""
    with wave.open(str(path)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, channels)
    sound = data[:, 0].astype(np.float64) / 32768
    return np.asarray(resample_poly(sound, RATE, rate), np.float32)


def write_wav(path: Path, sound: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes())


def voices(folder: Path) -> dict[str, Samples]:
    """The espeak-ng voices, and the natural one where the project's shared folder is there."""
    need_programs("espeak-ng")
    spoken = {}
    for name, text in TEXTS.items():
        path = folder / f"{name}.wav"
        subprocess.run(["espeak-ng", "-v", name, "-s", "150", "-w", str(path), text], check=True, timeout=30)
        spoken[name] = level(read_wav(path))
    if NATURAL.exists():
        spoken["natural"] = level(np.tile(read_wav(NATURAL), 3))
    return spoken


def utterances(folder: Path) -> list[Samples]:
    """The voices sentence by sentence, each at the level of a well-set microphone."""
    need_programs("espeak-ng")
    found = []
    for name, text in TEXTS.items():
        for sentence in text.replace(". ", ".|").split("|"):
            path = folder / "sentence.wav"
            subprocess.run(["espeak-ng", "-v", name, "-s", "150", "-w", str(path), sentence], check=True, timeout=30)
            found.append(level(read_wav(path)))
    if NATURAL.exists():
        found.append(level(read_wav(NATURAL)))
    return found


def level(sound: Samples) -> Samples:
    """At -23 dBFS RMS of its louder half: where a well-set microphone is."""
    loud = np.sqrt(np.mean(np.sort(sound**2)[len(sound) // 2 :]))
    return np.asarray(np.clip(sound * (0.07 / loud), -0.95, 0.95), np.float32)


@dataclass(frozen=True)
class Score:
    pesq: float
    stoi: float

    @property
    def is_good(self) -> bool:
        """What the uplink owes on a clean network."""
        return self.pesq >= 3.9 and self.stoi >= 0.97

    def __str__(self) -> str:
        return f"PESQ-wb {self.pesq:.2f}  STOI {self.stoi:.3f}"


def score(spoken: Samples, heard: Samples) -> Score:
    """How `spoken` sounds within `heard`, found by correlation; 0 and 0 when it is not there at all."""
    reference = resample_poly(spoken.astype(np.float64), 1, 3)
    degraded = resample_poly(heard.astype(np.float64), 1, 3)
    if len(degraded) < len(reference) or not np.any(degraded):
        return Score(0.0, 0.0)
    at = int(np.argmax(correlate(degraded, reference, "valid", "fft")))
    cut = degraded[at : at + len(reference)]
    return Score(float(pesq(16_000, reference, cut, "wb")), float(stoi(reference, cut, 16_000)))


ASTRAY: Final = RATE // 3  # samples by which a changed delay moves an utterance at most


def score_utterances(spoken: Sequence[Samples], pause: int, heard: Samples) -> Score:
    """The mean over utterances said one after another with `pause` samples between, each found anew where it is."""
    whole = np.concatenate([np.concatenate((sound, np.zeros(pause, np.float32))) for sound in spoken])
    if len(heard) < len(whole) or not np.any(heard):
        return Score(0.0, 0.0)
    at = int(np.argmax(correlate(heard, whole, "valid", "fft")))
    scores = []
    for sound in spoken:
        near = heard[max(0, at - ASTRAY) : at + len(sound) + ASTRAY]
        scores.append(score(sound, near))
        at += len(sound) + pause
    return Score(float(np.mean([s.pesq for s in scores])), float(np.mean([s.stoi for s in scores])))
