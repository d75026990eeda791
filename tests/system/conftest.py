"""The whole server and real browsers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A running installation with an owner whose token `api` uses."""
    town = Town(tmp_path / "town")
    town.start()
    town.account()
    yield town
    if town.running:
        assert town.stop() == 0
