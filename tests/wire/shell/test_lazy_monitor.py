"""The monitor's process is started when there is something to hear, not before, and given its time last."""

import asyncio
import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.settling import until

from hustings.base.clock import SystemClock
from hustings.base.settings import MONITOR, Settings
from hustings.server.role import NICE
from hustings.server.serve import first_space
from hustings.server.supervisor import Supervisor


class EmptyStage:
    """A stage that says what is on air, and notes who listens to its feed."""

    def __init__(self) -> None:
        self.answer: Response = Response(status_code=503)
        self.asked = 0
        self.followed = asyncio.Event()
        self.app = Starlette(routes=[Route("/internal/on-air", self._on_air), Route("/internal/feed", self._feed)])

    def was_asked(self, times: int) -> bool:
        return self.asked >= times

    async def _on_air(self, _: Request) -> Response:
        self.asked += 1
        return self.answer

    async def _feed(self, _: Request) -> Response:
        self.followed.set()
        return Response()


class Swift(SystemClock):
    """The machine's clock for who does not wait a second between two looks."""

    async def sleep_until(self, when: float) -> None:
        await super().sleep_until(min(when, self.monotonic() + 0.01))


@pytest.fixture
async def stage() -> EmptyStage:
    return EmptyStage()


@pytest.fixture
async def supervisor(stage: EmptyStage, tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with serving(stage.app) as url:
        given = {"data": tmp_path, "cluster_key": "key", "control_url": url, "stage_url": url}
        settings = Settings.model_validate(given)
        after = {MONITOR: partial(first_space, settings, Swift())}
        yield Supervisor((MONITOR,), settings.environment(), SystemClock(), after=after)


async def test_the_monitor_is_started_when_a_space_opens_its_doors(stage: EmptyStage, supervisor: Supervisor) -> None:
    running = asyncio.create_task(supervisor.run())
    place = supervisor.places[0]
    for answer in (stage.answer, JSONResponse({"spaces": []}), Response("<html>")):
        stage.answer, before = answer, stage.asked
        await until(partial(stage.was_asked, before + 3))
        assert place.child is None

    stage.answer = JSONResponse({"spaces": ["space1"]})
    async with asyncio.timeout(20):
        await stage.followed.wait()

    assert place.child is not None
    assert os.getpriority(os.PRIO_PROCESS, place.child.process.pid) == NICE[MONITOR]
    supervisor.stop()
    assert await running == 0
    assert place.child.process.returncode == 0


async def test_who_waits_for_something_to_hear_still_stops_at_once(stage: EmptyStage, supervisor: Supervisor) -> None:
    running = asyncio.create_task(supervisor.run())
    await until(lambda: stage.asked)
    supervisor.stop()
    assert await running == 0
    assert supervisor.places[0].child is None
