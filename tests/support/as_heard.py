"""A stage, a packager, an edge and the monitor, joined by real HTTP, with a place for a fault in each of them.

Time is the test's own: it stands still while anything is under way, so that no machine is too slow to be judged.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from starlette.applications import Starlette
from starlette.responses import Response
from tests.support.asgi import Application, serving
from tests.support.settling import until
from tests.support.stage import DOORS_AT, KEY, RawEncoder, Speaker, make_plan, outlets, seat

from hustings.audio.beds import hold_bed
from hustings.audio.level import Samples
from hustings.audio.riding import SUM, Range, Rides
from hustings.base.channel import Channel, ChannelClosed, WhenFull
from hustings.base.clock import ManualClock
from hustings.base.grid import PART, SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.broadcast.broadcaster import Broadcaster
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.routes import broadcast_routes
from hustings.documents.blocks import Block, ProgrammeBlock
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import SpacePlan, SpaceState
from hustings.edge.role import EdgeRole
from hustings.hls.names import PartName, parse_name
from hustings.ops.monitor import TURN, Monitor
from hustings.stage.air import Outlets
from hustings.stage.heard_routes import heard_routes
from hustings.stage.music import MusicShelf
from hustings.stage.plans import PlanShelf
from hustings.stage.problems import PROBLEMS
from hustings.stage.rooms import Rooms

DARKER = 2.0 / (1.0 + np.fft.rfftfreq(TICK, 1 / SAMPLE_RATE) / 600.0)
TICKS_A_TURN = round(TURN / TICK_SECONDS)
Spoilt = tuple[int, bytes]  # status and body an edge answers instead


class Talker(Speaker):
    """Says words of noise with pauses between: as bright as speech, and it rises and falls."""

    def __init__(self) -> None:
        super().__init__(amplitude=0.3)
        self._random = np.random.default_rng(3)
        self._loud = [bool(on) for on in self._random.random(997) > 0.4]

    def pull(self) -> Samples | None:
        self.pulled += 1
        gain = self.amplitude * (1.0 if self._loud[self.pulled // 5 % 997] else 0.003)
        spectrum = np.fft.rfft(self._random.standard_normal(TICK)) * DARKER
        return (gain * np.fft.irfft(spectrum)).astype(np.float32)


class SumRider:
    """The mixer's last gain, with a fault in it."""

    gain_db = 0.0

    def __init__(self, *, faulty: Callable[[], bool]) -> None:
        self._faulty = faulty

    def tick(self, samples: Samples, power: float | None = None) -> Samples:
        return np.zeros_like(samples) if self._faulty() else samples


class MonitorClock(ManualClock):
    """The rig's time, which tells whether the monitor is between two turns."""

    def __init__(self) -> None:
        super().__init__(DOORS_AT)
        self._dues: list[float] = []

    @property
    def resting(self) -> bool:
        """It has done the turn that is due, and waits for one that is not."""
        return bool(self._dues) and min(self._dues) > self.monotonic()

    async def sleep_until(self, when: float) -> None:
        turn = [when] if abs(when - self.monotonic() - TURN) < 1e-6 else []
        self._dues += turn
        try:
            await super().sleep_until(when)
        finally:
            for due in turn:
                self._dues.remove(due)


class SpoilingEdge:
    """In front of an edge: `spoil` is shown each part asked for, and may answer in the edge's place."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.spoil: Callable[[PartName], Spoilt | None] = lambda _: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = parse_name(scope["path"].rpartition("/")[2]) if scope["type"] == "http" else None
        answer = self.spoil(name) if isinstance(name, PartName) else None
        if answer is None:
            await self._app(scope, receive, send)
        else:
            await Response(answer[1], answer[0])(scope, receive, send)


@dataclass
class Rig:
    clock: MonitorClock
    rooms: Rooms
    hub: FeedHub
    edge: SpoilingEdge
    url: str
    plan: SpacePlan
    talker: Talker
    monitor: Monitor
    mixer_silent: bool = False
    pack: Callable[[ProgrammeBlock], Block | None] | None = None

    @property
    def told(self) -> tuple[str | None, str] | None:
        """The monitor's word, as the desk has it."""
        rows = self.rooms.room("space1").heard_at_edges()
        return (rows[0][1].fault and rows[0][1].fault.value, rows[0][1].what.value) if rows else None

    async def change(self, **changes: object) -> None:
        self.plan = msgspec.structs.replace(self.plan, revision=self.plan.revision + 1, **changes)
        await self.rooms.put(self.plan)

    async def turn(self) -> None:
        """Half a part of time; then everything that is under way is waited for."""
        for _ in range(TICKS_A_TURN):
            self.clock.advance(TICK_SECONDS)
            self.rooms.tick()
            await asyncio.sleep(0)
        mixed = (self.rooms.room("space1").timeline.position or 0) // PART - 1
        if self.pack is not nothing:
            await until(lambda: self._published() >= mixed)
            if self._in_monitor() >= 0:  # else it asks again when some time has passed
                await until(lambda: self._in_monitor() >= mixed)
        await until(lambda: self.clock.resting)

    def _published(self) -> int:
        state = self.hub._spaces.get("space1")
        kept = state.parts.get("opus32") if state else None
        return kept[-1][0] if kept else -1

    def _in_monitor(self) -> int:
        """The last part the monitor has from the edge in every rendition, though it may not be what it should."""
        posts = [post for post, _ in self.monitor._posts.values()]
        lines = [line for post in posts for edge in post.watch.edges.values() for line in edge.values()]
        return min((next(reversed(line.parts), -1) for line in lines), default=-1)

    async def seconds(self, seconds: float) -> set[tuple[str | None, str] | None]:
        """All that the monitor said meanwhile."""
        said = set()
        for _ in range(round(seconds / TURN)):
            await self.turn()
            said.add(self.told)
        return said

    async def until_told(self, fault: tuple[str | None, str], *, within: float) -> float:
        """The seconds it took."""
        started = self.clock.monotonic()
        while self.told != fault:
            assert self.clock.monotonic() - started < within, f"after {within} s: {self.told}"
            await self.turn()
        return self.clock.monotonic() - started


def nothing(_: ProgrammeBlock) -> Block | None:
    """A packager that packs nothing."""
    return None


async def _none(*_: str) -> str:
    raise AssertionError("nobody is asked in these tests")


async def _forget(_: str) -> None:
    return


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    clock, delivery = MonitorClock(), Channel[Block](10_000, WhenFull.DROP_OLDEST)
    hub, out = FeedHub("first"), outlets([])
    found: list[Rig] = []

    def rider(bounds: Range) -> Rides:
        return SumRider(faulty=lambda: bounds is SUM and found[0].mixer_silent)

    rooms = Rooms(
        epoch="first", clock=clock, tokens=SeatTokens(KEY), shelf=PlanShelf(folder / "stage"),
        music=MusicShelf(folder / "uploads", lambda _path, _longest: np.zeros(0, np.float32)),
        outlets=Outlets(out.broadcast, out.recorder, hub.publish), make_encoder=RawEncoder, exchange=_none,
        forget=_forget, notice=lambda _plan: None, make_rider=rider,
    )  # fmt: skip
    await rooms.load()
    await until(lambda: not rooms._scope._tasks)
    recordings = folder / "recordings"
    recordings.mkdir()
    stage = Starlette(
        routes=[*heard_routes(rooms, KEY), *broadcast_routes(hub, recordings, KEY)], exception_handlers=PROBLEMS
    )
    async with AsyncExitStack() as stack:
        stage_url = await stack.enter_async_context(serving(stage))
        role = EdgeRole(stage_url=stage_url, control_url=stage_url, cluster_key=KEY, clock=clock, site=None)
        edge = SpoilingEdge(role.app)
        url = await stack.enter_async_context(serving(edge))
        plan = make_plan(seat("ada"), state=SpaceState.DOORS)
        monitor = Monitor(stage_url=stage_url, cluster_key=KEY, edges=[url], clock=clock)
        town = Rig(clock, rooms, hub, edge, url, plan, Talker(), monitor)
        found.append(town)
        broadcaster = Broadcaster(delivery, hub, hold_bed(), stack.enter_context(ThreadPoolExecutor(1)))
        work = [role.run(), monitor.run(), broadcaster.run(), _pack(town, out.broadcast, delivery)]
        running = [asyncio.create_task(each) for each in work]
        await rooms.put(plan)
        rooms.attach(SeatClaim("space1", "ada", 0), town.talker)
        await until(lambda: role.agent.connected and clock.resting)
        yield town
        hub.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await rooms.close()


async def _pack(town: Rig, mixed: Channel[Block], delivery: Channel[Block]) -> None:
    """The way into the packager, where a test may spoil what it packs."""
    while True:
        try:
            block = await mixed.get()
        except ChannelClosed:
            return
        passed = town.pack(block) if town.pack and isinstance(block, ProgrammeBlock) else block
        if passed is not None:
            delivery.put(passed)
