"""Control is asked few questions at once, and what it told of real Spaces is kept whoever asks for others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.asgi import free_port, serving
from tests.support.settling import until
from tests.wire.edge.conftest import KEY, SPACE, Control, plan

from hustings.base.clock import ManualClock
from hustings.base.errors import NotFound, Unavailable
from hustings.edge import plans
from hustings.edge.plans import QUESTIONS, QUEUE, PlanBook


@dataclass
class Desk:
    control: Control
    clock: ManualClock
    client: httpx.AsyncClient
    book: PlanBook


@pytest.fixture
async def desk(control: Control) -> AsyncIterator[Desk]:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(control))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=20, trust_env=False))
        yield Desk(control, clock, client, PlanBook(client, control_url=url, cluster_key=KEY, clock=clock))


async def test_made_up_spaces_push_no_real_one_out_of_what_is_remembered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plans, "REMEMBERED", 3)
    desk.control.plans[SPACE] = plan()
    await desk.book.get(SPACE)
    for number in range(9):
        with pytest.raises(NotFound):
            await desk.book.get(f"made-up-{number}")

    async def away(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    desk.control.answer = away
    desk.clock.advance(10)
    assert (await desk.book.get(SPACE)).id == SPACE


async def test_a_deleted_space_is_not_told_of_from_memory(desk: Desk) -> None:
    desk.control.plans[SPACE] = plan()
    await desk.book.get(SPACE)
    del desk.control.plans[SPACE]
    desk.clock.advance(2)
    for _ in range(2):
        with pytest.raises(NotFound):
            await desk.book.get(SPACE)


async def test_a_control_that_hangs_makes_few_wait_and_refuses_the_rest(desk: Desk) -> None:
    go_on, answering = asyncio.Event(), desk.control.answer
    hanging = 0

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        nonlocal hanging
        hanging += 1
        await go_on.wait()
        await answering(scope, receive, send)

    desk.control.answer = hangs
    asked = [asyncio.create_task(desk.book.get(f"made-up-{number}")) for number in range(QUESTIONS + QUEUE)]
    await until(lambda: hanging == QUESTIONS)
    with pytest.raises(Unavailable) as refused:
        await desk.book.get("one-more")
    assert refused.value.retry_after == 1
    go_on.set()
    assert {type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)} == {NotFound}


async def test_those_who_wait_for_a_control_that_is_gone_are_told_so_together(desk: Desk) -> None:
    dialled = 0

    async def dials(request: httpx.Request) -> None:
        nonlocal dialled
        dialled += 1
        await asyncio.sleep(0)  # the others ask meanwhile
        desk.clock.advance(2)

    async with httpx.AsyncClient(event_hooks={"request": [dials]}, trust_env=False) as client:
        nowhere = f"http://127.0.0.1:{free_port()}"
        book = PlanBook(client, control_url=nowhere, cluster_key=KEY, clock=desk.clock)
        told = await asyncio.gather(*(book.get(SPACE) for _ in range(20)), return_exceptions=True)
    assert {type(answer) for answer in told} == {Unavailable}
    assert dialled == 1
