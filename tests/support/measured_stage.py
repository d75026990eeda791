"""A whole stage in a process of its own that measures itself, so that who attacks it delays nothing but by attacking.

What the stage's own work may delay a tick by is its loop's longest turn. A busy machine hardly lengthens it, being
CPU time, but for what falls due while the stage does not run at all; its longest single step not even for that. How
late ticks came is by the clock, of which the machine has its part.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVarTuple, cast

import httpx
import msgspec
import numpy as np
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.hearing import Samples
from tests.support.stage import KEY
from tests.support.uplink import Stage, StockSpeaker
from tests.support.whole_stage import WholeStage, whole_stage

from hustings.base import memory
from hustings.base.grid import TICK, TICK_SECONDS
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import SpacePlan
from hustings.stage.air import Outlets
from hustings.stage.peer import PeerHealth
from hustings.stage.rooms import Rooms

Ts = TypeVarTuple("Ts")


class Turns(asyncio.SelectorEventLoop):
    """A loop that knows its longest turn, and the longest single step in one, both in seconds of CPU."""

    longest = longest_step = 0.0

    def _run_once(self) -> None:
        begin = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        self.longest = max(self.longest, time.thread_time() - begin)

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon(self._timed, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when, self._timed, callback, *args, context=context)

    def _timed(self, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        begin = time.thread_time()
        callback(*args)
        self.longest_step = max(self.longest_step, time.thread_time() - begin)


class Watch:
    """Between the mixer and the rooms: notes when ticks come, keeps what seats say, and throws the rest away."""

    def __init__(self, rooms: Rooms, out: Outlets) -> None:
        self.said: dict[str, list[Samples]] = {}  # of the seats whose sound is wanted
        self._rooms, self._out = rooms, out
        self._start, self._ticks = float("inf"), 0
        self.forget()

    def forget(self) -> None:
        self.latest = self.longest = 0.0

    def tick(self) -> None:
        now, begin = time.monotonic(), time.thread_time()
        self._start = min(self._start, now - self._ticks * TICK_SECONDS)
        self.latest = max(self.latest, now - self._start - self._ticks * TICK_SECONDS)
        self._ticks += 1
        self._rooms.tick()
        self.longest = max(self.longest, time.thread_time() - begin)
        for chair in self._rooms.room("space1").chairs() if self._rooms.plan("space1") else ():
            if chair.seat.id in self.said:
                self.said[chair.seat.id].append(chair.came if chair.came is not None else np.zeros(TICK, np.float32))
        self._out.broadcast._items.clear()
        self._out.recorder._items.clear()

    def skip(self, ticks: int) -> None:
        self._ticks += ticks
        self._rooms.skip(ticks)

    def health(self) -> dict[str, PeerHealth]:
        chairs = self._rooms.room("space1").chairs()
        return {chair.seat.id: cast(PeerHealth, chair.peer.health()) for chair in chairs if chair.peer is not None}


async def main(folder: Path) -> None:
    loop, watches, stages = cast(Turns, asyncio.get_running_loop()), list[Watch](), list[WholeStage]()

    def watched(rooms: Rooms, out: Outlets) -> Watch:
        watches.append(Watch(rooms, out))
        return watches[0]

    async def measured(_request: Request) -> Response:
        watch = watches[0]
        figures = {
            "step": loop.longest_step, "turn": loop.longest, "tick": watch.longest, "late": watch.latest,
            "memory": resident(),
            "seats": {seat: msgspec.to_builtins(health) for seat, health in watch.health().items()},
        }  # fmt: skip
        loop.longest = loop.longest_step = 0.0
        watch.forget()
        stages[0].frames.clear()
        return JSONResponse(figures)

    async def said(request: Request) -> Response:
        blocks = watches[0].said.get(request.path_params["seat"], [])
        watches[0].said[request.path_params["seat"]] = []
        return Response(np.concatenate([np.zeros(0, np.float32), *blocks]).tobytes())

    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    async with whole_stage(folder, watched) as stage:
        stages.append(stage)
        while stage.rooms._scope._tasks:  # the pre-show's bed: its memory is nobody's attack
            await asyncio.wait(stage.rooms._scope._tasks)
        side = Starlette(routes=[Route("/measured", measured), Route("/said/{seat}", said)])
        async with serving(side) as base:
            sys.stdout.write(f"{stage.base} {base}\n")
            sys.stdout.flush()
            await ended.wait()


def resident() -> int:
    """Bytes of memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@dataclass(frozen=True)
class Figures:
    """Since last asked. Times in seconds, memory in bytes."""

    step: float  # CPU of the loop's longest step
    turn: float  # CPU of its longest turn
    tick: float  # CPU of the longest tick
    late: float  # by the clock
    memory: int
    seats: dict[str, PeerHealth]


@dataclass
class MeasuredStage:
    """The stage as its clients see it, and its figures."""

    base: str
    side: str
    http: httpx.AsyncClient
    log: Path

    @property
    def whip(self) -> str:
        return f"{self.base}/api/v1/spaces/space1/whip"

    def token(self, seat: str, generation: int = 0) -> str:
        return SeatTokens(KEY).issue(SeatClaim("space1", seat, generation))

    def speaker(self, seat: str, sound: Samples | None = None, *, generation: int = 0) -> StockSpeaker:
        return StockSpeaker(cast(Stage, self), self.token(seat, generation).removeprefix("seat."), sound)

    async def put(self, plan: SpacePlan) -> None:
        url, headers = f"{self.base}/internal/spaces/{plan.id}", {"Authorization": f"Bearer {KEY}"}
        (await self.http.put(url, content=msgspec.json.encode(plan), headers=headers)).raise_for_status()

    async def measured(self) -> Figures:
        return msgspec.json.decode((await self.http.get(f"{self.side}/measured")).content, type=Figures)

    async def said(self, seat: str) -> Samples:
        """What the mixer was given of a seat since last asked; the first time, nothing."""
        return np.frombuffer((await self.http.get(f"{self.side}/said/{seat}")).content, np.float32)


@asynccontextmanager
async def measured_stage(folder: Path) -> AsyncIterator[MeasuredStage]:
    log = folder / "stage.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.measured_stage", str(folder),
            stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode().split()
        assert line, log.read_text()
        async with httpx.AsyncClient(timeout=10) as http:
            yield MeasuredStage(line[0], line[1], http, log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    memory.settle()
    with asyncio.Runner(loop_factory=Turns) as runner:
        runner.run(main(Path(sys.argv[1])))
