"""What holds for every test: nothing is left running, and what a test needs is there or is said to be missing."""

import asyncio
import inspect
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
def _no_stray_tasks(request: pytest.FixtureRequest) -> None:
    """Every task has an owner: an asynchronous test whose tasks outlive it fails."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_watched_loop")


@pytest.fixture
async def _watched_loop() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    stray = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not stray, (
        f"tasks outlived their owner: {sorted(task.get_name() + ' ' + repr(task.get_coro()) for task in stray)}"
    )
