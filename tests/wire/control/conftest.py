from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.control import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.control.open()
    async with world.stack:
        yield world
    await world.control.close()
