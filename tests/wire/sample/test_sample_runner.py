import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import numpy as np
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.tiny_whip import TinyWhip

from hustings.base.clock import SystemClock
from hustings.clients.media import read_voice
from hustings.sample.runner import VOICES, run_sample


class TinyTown(TinyWhip):
    """A front door and a control in one, as the sample sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.deleted_by_somebody = False
        self.application.router.routes += [
            Route("/internal/sample", self._sample, methods=["POST"]),
            Route("/api/v1/spaces/{space}", self._space),
            Route("/api/v1/spaces/{space}/{act:str}", self._act, methods=["POST"]),
        ]

    def _sample(self, request: Request) -> Response:
        if request.headers["authorization"] != "Bearer cluster" or self.deleted_by_somebody:
            return JSONResponse({"error": "The sample conversation was deleted."}, 404)
        seats = [{"name": name, "token": "seat.good"} for name in ("Host", "Guest")]
        return JSONResponse({"space": "abc", "whip": "", "seats": seats})

    def _space(self, _: Request) -> Response:
        return JSONResponse({"state": "live" if "live" in self.acts else "scheduled"})

    def _act(self, request: Request) -> Response:
        self.acts.append(request.path_params["act"])
        return JSONResponse({"state": "doors"})

    async def until_live_and_heard(self) -> None:
        clock = SystemClock()
        async with asyncio.timeout(20):
            while "live" not in self.acts or sum(1 for said in self.heard if said) < 2:
                await clock.sleep_until(clock.monotonic() + 0.05)


@pytest.fixture
async def town() -> AsyncIterator[TinyTown]:
    town = TinyTown()
    async with AsyncExitStack() as stack:
        town.base = await stack.enter_async_context(serving(town.application))
        stack.push_async_callback(town.stop)
        yield town


async def test_the_sample_opens_its_doors_goes_live_and_both_voices_speak(town: TinyTown) -> None:
    running = asyncio.create_task(run_sample(town.base, town.base, "cluster", SystemClock(), preshow=0.2))
    await town.until_live_and_heard()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert town.acts[:2] == ["doors", "live"]


async def test_a_stage_that_does_not_know_the_sample_yet_is_waited_for(town: TinyTown) -> None:
    town.answers = [JSONResponse({"error": "There is no such Space here.", "code": "unknown_space"}, 404)] * 2

    running = asyncio.create_task(run_sample(town.base, town.base, "cluster", SystemClock(), preshow=0.2))
    await town.until_live_and_heard()

    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_deleted_sample_ends_for_good(town: TinyTown) -> None:
    running = asyncio.create_task(run_sample(town.base, town.base, "cluster", SystemClock(), preshow=0.2))
    await town.until_live_and_heard()

    town.deleted_by_somebody = True
    town.answers = [JSONResponse({"error": "gone"}, 404)] * 9
    for peer in town.peers:
        await peer.close()

    async with asyncio.timeout(15):
        await running


async def test_a_sample_that_was_deleted_before_is_not_made_again(town: TinyTown) -> None:
    town.deleted_by_somebody = True

    await run_sample(town.base, town.base, "cluster", SystemClock())

    assert town.posts == 0


def test_the_two_voices_are_equally_long_and_never_talk_at_once() -> None:
    ada, ben = (read_voice(path) for path in VOICES)
    loud = [
        np.sqrt(np.mean(said[: len(said) // 960 * 960].reshape(-1, 960) ** 2, axis=1)) > 0.01 for said in (ada, ben)
    ]

    assert len(ada) == len(ben)
    assert 60 <= len(ada) / 48_000 <= 100
    assert np.mean(loud[0] & loud[1]) < 0.002
    assert min(np.mean(loud[0]), np.mean(loud[1])) > 0.2
    assert sum(path.stat().st_size for path in VOICES) < 1_000_000
