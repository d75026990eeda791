"""What the tests of the stage share: beds made once, and Rooms that leave nothing running behind them."""

import inspect
from collections.abc import AsyncIterator

import pytest
from tests.support.stage import Town

from hustings.audio.beds import end_sound, hold_bed, preshow_bed


@pytest.fixture(scope="session")
def beds() -> None:
    preshow_bed()
    hold_bed()
    end_sound()


@pytest.fixture(autouse=True)
def _no_open_towns(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_closed_towns")


@pytest.fixture
async def _closed_towns(_watched_loop: None) -> AsyncIterator[None]:
    yield
    while Town.opened:
        await Town.opened.pop().rooms.close()
