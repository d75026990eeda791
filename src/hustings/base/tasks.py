"""A scope that owns tasks whose number is not known beforehand; it ends only when all of them have.

asyncio.TaskGroup is right where one failure should stop the rest. A stage must not lose twelve speakers with
the thirteenth: here a failure is reported to the scope's owner and the others go on.
"""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

log = structlog.get_logger(__name__)

OnFailure = Callable[[str, BaseException], None]


def _report(name: str, error: BaseException) -> None:
    log.error("task failed", task=name, exc_info=error)


class TaskScope:
    """Use as `async with TaskScope() as scope: scope.spawn(work(), "work")`; leaving cancels what still runs."""

    def __init__(self, on_failure: OnFailure = _report) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_failure = on_failure

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(task.get_name(), error)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
