"""The stage's sound and HTTP as one piece on loopback: real clock, real WebRTC, real Opus; no broadcast behind it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np
from starlette.applications import Starlette
from tests.support.asgi import serving
from tests.support.hearing import Samples
from tests.support.stage import KEY, outlets
from tests.support.uplink import Stage, StockSpeaker

from hustings.base.clock import SystemClock
from hustings.base.grid import TICK_SECONDS
from hustings.documents.feed import Frame
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import SpacePlan
from hustings.stage.air import Outlets
from hustings.stage.commands import command_routes
from hustings.stage.desk import Desk
from hustings.stage.ice_servers import IceServers
from hustings.stage.mixer import Mixer, Ticking
from hustings.stage.music import MusicShelf
from hustings.stage.opus import OpusEncoder
from hustings.stage.plans import PlanShelf
from hustings.stage.problems import PROBLEMS
from hustings.stage.rooms import Rooms
from hustings.stage.routes import stage_routes
from hustings.stage.sessions import WhipSessions
from hustings.stage.transport import MediaSettings
from hustings.stage.whip import WhipDoor, whip_routes


@dataclass
class WholeStage:
    base: str
    http: httpx.AsyncClient
    rooms: Rooms
    out: Outlets
    frames: list[Frame]

    @property
    def whip(self) -> str:
        return f"{self.base}/api/v1/spaces/space1/whip"

    async def put(self, plan: SpacePlan, key: str = KEY) -> httpx.Response:
        url = f"{self.base}/internal/spaces/{plan.id}"
        headers = {"Authorization": f"Bearer {key}"}
        return await self.http.put(url, content=msgspec.json.encode(plan), headers=headers)

    def token(self, seat: str) -> str:
        return SeatTokens(KEY).issue(SeatClaim("space1", seat, 0))

    def speaker(self, seat: str, sound: Samples | None = None, *, second: bool = False) -> StockSpeaker:
        """Stock aiortc, with the seat's own token."""
        return StockSpeaker(cast(Stage, self), self.token(seat).removeprefix("seat."), sound, second=second)

    @asynccontextmanager
    async def speaking(self, seat: str, sound: Samples, *, second: bool = False) -> AsyncIterator[StockSpeaker]:
        speaker = self.speaker(seat, sound, second=second)
        try:
            await speaker.connect()
            yield speaker
        finally:
            await speaker.close()

    async def until(self, holds: Callable[[], object], *, within: float = 30.0) -> None:
        """Look once a tick, so that looking does not starve what is looked at."""
        clock = SystemClock()
        async with asyncio.timeout(within):
            while not holds():
                await clock.sleep_until(clock.monotonic() + TICK_SECONDS)

    async def desk(self, seat: str) -> AsyncGenerator[dict[str, Any], None]:
        headers = {"Authorization": f"Bearer {self.token(seat)}"}
        async with self.http.stream("GET", f"{self.base}/api/v1/spaces/space1/desk", headers=headers) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                if line:
                    yield msgspec.json.decode(line.removeprefix("data: "), type=dict[str, Any])


async def _no_exchange(space: str, token: str) -> str:
    raise AssertionError("no account speaks in these tests")


async def _forget(space: str) -> None:
    return


def _no_music(path: Path, _longest: int) -> Samples:
    return np.zeros(0, np.float32)


@asynccontextmanager
async def whole_stage(
    folder: Path, watched: Callable[[Rooms, Outlets], Ticking] = lambda rooms, _out: rooms
) -> AsyncIterator[WholeStage]:
    """`watched` may put itself between the mixer's beat and the rooms."""
    clock, frames = SystemClock(), list[Frame]()
    out = outlets(frames)
    rooms = Rooms(
        epoch="epoch1",
        clock=clock,
        tokens=SeatTokens(KEY),
        shelf=PlanShelf(folder / "stage"),
        music=MusicShelf(folder / "uploads", _no_music),
        outlets=out,
        make_encoder=OpusEncoder,
        exchange=_no_exchange,
        forget=_forget,
        notice=lambda _plan: None,
    )
    await rooms.load()
    sessions = WhipSessions(rooms, clock, MediaSettings())
    routes = [
        *whip_routes(WhipDoor(sessions, IceServers(), clock)),
        *stage_routes(rooms, Desk(rooms, clock), KEY),
        *command_routes(rooms, clock),
    ]
    mixer = Mixer(watched(rooms, out), clock, sessions.sockets.tick)
    running = [asyncio.create_task(sessions.run()), asyncio.create_task(mixer.run())]
    application = Starlette(routes=routes, exception_handlers=PROBLEMS)
    try:
        async with serving(application) as base, httpx.AsyncClient(timeout=10) as http:
            yield WholeStage(base, http, rooms, out, frames)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await rooms.close()
