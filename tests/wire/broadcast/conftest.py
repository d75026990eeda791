from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import hustings.sample
from hustings.base.grid import PART, SAMPLE_RATE
from hustings.broadcast.decode import read_audio
from hustings.documents.blocks import Samples


@pytest.fixture(scope="session")
def speech() -> Samples:
    """Twenty parts of a voice at about -20 dBFS."""
    path = Path(hustings.sample.__path__[0]) / "ada.opus"
    wave = np.concatenate(list(read_audio(path)))[SAMPLE_RATE : SAMPLE_RATE + 20 * PART]
    louder: Samples = (wave * (0.1 / np.sqrt(np.mean(wave**2)))).astype(np.float32)
    return louder


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor
