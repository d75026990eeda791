"""A sound whose every sample is known, and the proof that none was lost, repeated or moved."""

import io
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hustings.base.grid import PART, SAMPLE_RATE

TONE = 750.0  # Hz: a whole number of periods in a part, so that parts made apart join without a seam
HOLD_TONE = 500.0
LEVEL = 0.25
BLOCK = 960  # samples over which a tone is measured

Samples = npt.NDArray[np.float32]


def tone(parts: int, frequency: float = TONE) -> Samples:
    at = np.arange(parts * PART) / SAMPLE_RATE
    return (LEVEL * np.sin(2 * np.pi * frequency * at)).astype(np.float32)


def read_wav(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert file.getframerate() == SAMPLE_RATE
        assert file.getsampwidth() == 2
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return (data.reshape(-1, file.getnchannels())[:, 0] / 32768).astype(np.float32)


def as_wav(samples: Samples) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return held.getvalue()


def vectors(samples: Samples, frequency: float = TONE) -> npt.NDArray[np.complex128]:
    """Amplitude and phase of a tone in each 20 ms, against a clock that starts at the first sample."""
    whole = samples.size // BLOCK * BLOCK
    turning = np.exp(-2j * np.pi * frequency * np.arange(whole) / SAMPLE_RATE)
    blocks: npt.NDArray[np.complex128] = (samples[:whole] * turning).reshape(-1, BLOCK)
    return np.asarray(blocks.mean(axis=1) * 2, np.complex128)


def assert_unbroken(samples: Samples, *, seconds: float, frequency: float = TONE) -> None:
    """`seconds` of the tone at one level and one phase, but for 100 ms at either end."""
    assert samples.size / SAMPLE_RATE >= seconds - 0.2
    heard = vectors(samples, frequency)[5 : int(seconds * SAMPLE_RATE / BLOCK) - 5]
    level = np.abs(heard)
    assert level.min() > 0.7 * LEVEL, f"quiet at {np.argmin(level) * 0.02 + 0.1:.2f} s: {level.min():.3f}"
    drift = np.abs(np.angle(heard * np.conj(heard[len(heard) // 2])))
    assert drift.max() < 0.3, f"shifted at {np.argmax(drift) * 0.02 + 0.1:.2f} s by {drift.max():.2f} rad"
