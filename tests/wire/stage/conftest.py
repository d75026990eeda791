"""A running stage door, and voices made once."""

from collections.abc import AsyncIterator, Mapping

import pytest
from tests.support.hearing import Samples, voices
from tests.support.uplink import Stage, stage


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


@pytest.fixture
async def door() -> AsyncIterator[Stage]:
    async with stage() as running:
        yield running
