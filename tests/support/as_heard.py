"""A stage, a packager, an edge and the monitor, joined by real HTTP, with a place for a fault in each of them.

Time is the test's own: it stands still while anything is under way, so that no machine is too slow to be judged.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
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

    def hear(self, power: float) -> None:
        self.gain_db = -math.inf if self._faulty() else 0.0


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


class Door:
    """Where a stage answers, while one is there. `answered` is called before whoever asked can read it."""

    app: Application | None = None

    def __init__(self) -> None:
        self.answered: Callable[[str], None] = lambda _: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        away = Response(status_code=503) if scope["type"] == "http" else Starlette()
        await (self.app or away)(scope, receive, send)
        self.answered(scope.get("path", ""))


@dataclass
class Rig:
    clock: MonitorClock
    edge: SpoilingEdge
    url: str
    plan: SpacePlan
    talker: Talker
    monitor: Monitor
    role: EdgeRole
    door: Door
    folder: Path
    encoding: ThreadPoolExecutor
    rooms: Rooms = field(init=False)
    hub: FeedHub = field(init=False)
    stage: list[asyncio.Task[None]] = field(init=False)
    first: int | None = None  # position at which this run of the stage began
    mixer_silent: bool = False
    pack: Callable[[ProgrammeBlock], Block | None] | None = None

    async def begin(self, epoch: str) -> None:
        """A run of the stage, with what one before it left on the disk."""
        self.hub, out, delivery = FeedHub(epoch), outlets([]), Channel[Block](10_000, WhenFull.DROP_OLDEST)

        def rider(bounds: Range) -> Rides:
            return SumRider(faulty=lambda: bounds is SUM and self.mixer_silent)

        self.rooms = rooms = Rooms(
            epoch=epoch, clock=self.clock, tokens=SeatTokens(KEY), shelf=PlanShelf(self.folder / "stage"),
            music=MusicShelf(self.folder / "uploads", lambda _path, _longest: np.zeros(0, np.float32)),
            outlets=Outlets(out.broadcast, out.recorder, self.hub.publish), make_encoder=RawEncoder, exchange=_none,
            forget=_forget, notice=lambda _plan: None, make_rider=rider,
        )  # fmt: skip
        await rooms.load()
        await until(lambda: not rooms._scope._tasks)
        self.first = None
        broadcaster = Broadcaster(delivery, self.hub, hold_bed(), self.encoding)
        work = (broadcaster.run(), _pack(self, out.broadcast, delivery))
        self.stage = [asyncio.create_task(each) for each in work]
        routes = [*heard_routes(rooms, KEY), *broadcast_routes(self.hub, self.folder / "recordings", KEY)]
        self.door.app = Starlette(routes=routes, exception_handlers=PROBLEMS)

    def sit_down(self) -> None:
        self.rooms.attach(SeatClaim("space1", "ada", 0), self.talker)

    async def kill(self) -> None:
        """The stage is gone, with all it had in mind."""
        self.door.app = None
        self.hub.close()
        for task in self.stage:
            task.cancel()
        await asyncio.gather(*self.stage, return_exceptions=True)
        await self.rooms.close()

    async def pass_by(self, holds: Callable[[], object]) -> None:
        """Time goes by until then. Whoever cannot reach a stage waits for time before another attempt, so nothing
        that is under way is waited for."""

        await until(holds, each_turn=self._tick)

    def _tick(self) -> None:
        self.clock.advance(TICK_SECONDS)
        if self.door.app is not None:
            self.rooms.tick()

    def starve_the_monitor(self, seconds: float) -> None:
        """From here on it gets no turn for so long in the midst of each of its questions; the stage mixes on."""
        ticks = round(seconds / TICK_SECONDS)

        def starve(path: str) -> None:
            for _ in range(ticks if path.endswith("/sounded") else 0):
                self._tick()

        self.door.answered = starve

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
        mixed = self._mixed()
        if self.pack is not nothing:
            await until(lambda: self._published() >= mixed)
            if self._in_monitor() >= 0:  # else it asks again when some time has passed
                await until(lambda: self._in_monitor() >= mixed)
        await until(lambda: self.clock.resting)

    def _mixed(self) -> int:
        """The last part this run of the stage has mixed whole."""
        last = (self.rooms.room("space1").timeline.position or 0) // PART - 1
        return last if self.first is not None and last * PART >= self.first else -1

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
    clock, door = MonitorClock(), Door()
    (folder / "recordings").mkdir()
    async with AsyncExitStack() as stack:
        stage_url = await stack.enter_async_context(serving(door))
        role = EdgeRole(stage_url=stage_url, control_url=stage_url, cluster_key=KEY, clock=clock, site=None)
        edge = SpoilingEdge(role.app)
        url = await stack.enter_async_context(serving(edge))
        plan = make_plan(seat("ada"), state=SpaceState.DOORS)
        monitor = Monitor(stage_url=stage_url, cluster_key=KEY, edges=[url], clock=clock)
        encoding = stack.enter_context(ThreadPoolExecutor(1))
        town = Rig(clock, edge, url, plan, Talker(), monitor, role, door, folder, encoding)
        await town.begin("first")
        running = [asyncio.create_task(each) for each in (role.run(), monitor.run())]
        await town.rooms.put(plan)
        town.sit_down()
        await until(lambda: role.agent.connected and clock.resting)
        yield town
        town.hub.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await town.kill()


async def _pack(town: Rig, mixed: Channel[Block], delivery: Channel[Block]) -> None:
    """The way into the packager, where a test may spoil what it packs."""
    while True:
        try:
            block = await mixed.get()
        except ChannelClosed:
            return
        if isinstance(block, ProgrammeBlock) and town.first is None:
            town.first = block.position
        passed = town.pack(block) if town.pack and isinstance(block, ProgrammeBlock) else block
        if passed is not None:
            delivery.put(passed)
