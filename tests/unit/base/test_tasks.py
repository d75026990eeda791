import asyncio

import pytest

from hustings.base.tasks import TaskScope


class Failures(list[tuple[str, BaseException]]):
    def __call__(self, name: str, error: BaseException) -> None:
        self.append((name, error))


async def test_leaving_a_scope_ends_what_still_runs() -> None:
    async with TaskScope() as scope:
        task = scope.spawn(asyncio.Event().wait(), "forever")

    assert task.cancelled()


async def test_one_failure_is_told_and_the_others_go_on() -> None:
    failures = Failures()
    going = asyncio.Event()

    async def fail() -> None:
        raise ValueError("the thirteenth")

    async with TaskScope(failures) as scope:
        scope.spawn(fail(), "speaker 13")
        other = scope.spawn(going.wait(), "speaker 1")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        going.set()
        assert await other is True

    [(name, error)] = failures
    assert name == "speaker 13"
    assert isinstance(error, ValueError)


async def test_a_scope_is_left_even_when_its_owner_fails() -> None:
    tasks: list[asyncio.Task[bool]] = []

    async def own() -> None:
        async with TaskScope() as scope:
            tasks.append(scope.spawn(asyncio.Event().wait(), "forever"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await own()

    assert tasks[0].cancelled()
