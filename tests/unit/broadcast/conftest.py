from pathlib import Path

import numpy as np
import pytest

import hustings.sample
from hustings.base.grid import PART, SAMPLE_RATE
from hustings.broadcast.decode import read_audio
from hustings.documents.blocks import Samples


@pytest.fixture(scope="session")
def speech() -> Samples:
    """Ten parts of a voice at about -20 dBFS."""
    path = Path(hustings.sample.__path__[0]) / "ada.opus"
    wave = np.concatenate(list(read_audio(path)))[SAMPLE_RATE : SAMPLE_RATE + 10 * PART]
    louder: Samples = (wave * (0.1 / np.sqrt(np.mean(wave**2)))).astype(np.float32)
    return louder


@pytest.fixture(scope="session")
def tone() -> Samples:
    """Ten parts of 440 Hz that never repeat a phase at a part's edge."""
    return (0.3 * np.sin(2 * np.pi * 440.3 * np.arange(10 * PART) / SAMPLE_RATE)).astype(np.float32)
