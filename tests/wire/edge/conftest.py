"""An edge in front of a real feed with real parts; its time passes only when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.support.asgi import Application, serving
from tests.support.doors import SMALL, Door, Rig, Role
from tests.support.settling import until
from tests.support.sounds import HOLD_TONE, tone

from hustings.base.clock import ManualClock
from hustings.broadcast.broadcaster import make_hold
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.packager import Packager
from hustings.broadcast.routes import broadcast_routes
from hustings.documents import feed
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.agent import LONGEST_PAUSE
from hustings.edge.filling import SETTLING
from hustings.edge.proxy import Kind
from hustings.edge.role import EdgeRole
from hustings.hls.renditions import RENDITIONS

SPACE = "01hustings0space00"
KEY = "cluster-key-of-the-tests"
DOORS_AT = 1_700_000_000.25


def plan(state: SpaceState = SpaceState.LIVE, revision: int = 1, **more: Any) -> SpacePlan:
    fields = {"title": "On the record", "host": Person("Ada", "ada"), "doors_at": DOORS_AT, **more}
    return SpacePlan(id=SPACE, revision=revision, state=state, **fields)


class Line:
    """A tone on the grid in every rendition, encoded without a seam from part to part."""

    def __init__(self) -> None:
        self._coders = [(RenditionEncoder(rendition), Packager(rendition)) for rendition in RENDITIONS]
        self.inits = {packager.rendition.name: packager.init for _, packager in self._coders}
        self._number = 0

    def make(self, count: int) -> list[dict[str, bytes]]:
        made = []
        for samples in np.split(tone(count), count):
            made.append(
                {c.rendition.name: packager.part(self._number, c.encode(samples)) for c, packager in self._coders}
            )
            self._number += 1
        return made


class Stage:
    """The stage's side: a feed that can be filled, cut off and started anew under another epoch."""

    def __init__(self, recordings: Path, line: list[dict[str, bytes]], inits: dict[str, bytes]) -> None:
        self._recordings = recordings
        self.line = line
        self._inits = inits
        self._holds: dict[str, list[bytes]] = {}
        self.restart("first")

    def restart(self, epoch: str) -> None:
        self.hub = FeedHub(epoch)
        self.refusing = False
        self.routes: Application = Starlette(routes=broadcast_routes(self.hub, self._recordings, KEY))

    def lose(self) -> None:
        """The stage dies: readers are cut off and nobody is let in."""
        self.refusing = True
        self.hub.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self.refusing:
            await Response(status_code=503)(scope, receive, send)
            return
        await self.routes(scope, receive, send)

    def open(self, *, holds: dict[str, list[bytes]] | None = None, state: SpaceState = SpaceState.LIVE) -> None:
        self.hub.publish(feed.Plan(plan(state)))
        for name, data in self._inits.items():
            self.hub.publish(feed.Init(SPACE, name, data))
        for name, parts in (holds or {}).items():
            for index, data in enumerate(parts):
                self.hub.publish(feed.Hold(SPACE, name, index, len(parts), data))

    def say(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            for name, data in self.line[number].items():
                self.hub.publish(feed.Part(SPACE, name, self.hub.epoch, number, feed.Programme.CONVERSATION, data))

    def end(self, number: int) -> None:
        self.hub.publish(feed.End(SPACE, number))


class Control:
    """The control role's side: plans, and whatever else a test lets answer."""

    def __init__(self) -> None:
        self.plans: dict[str, SpacePlan] = {}
        self.accounts: set[str] = set()
        self.asked = 0
        self.answer: Application = Starlette(
            routes=[
                Route("/internal/plans/{space}", self._plan),
                Route("/internal/accounts/{name}", self._account),
            ]
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.answer(scope, receive, send)

    async def _plan(self, request: Request) -> Response:
        self.asked += 1
        if request.headers["authorization"] != f"Bearer {KEY}":
            return JSONResponse({}, 401)
        found = self.plans.get(request.path_params["space"])
        if found is None:
            return JSONResponse({"error": "no", "code": "not_found"}, 404)
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def _account(self, request: Request) -> Response:
        self.asked += 1
        if request.headers["authorization"] != f"Bearer {KEY}":
            return JSONResponse({}, 401)
        name = request.path_params["name"]
        return JSONResponse(name, 200 if name in self.accounts else 404)


class Watched:
    """An ASGI application whose requests can be awaited by path."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.paths: list[str] = []
        self._asked = asyncio.Condition()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            async with self._asked:
                self.paths.append(scope["path"])
                self._asked.notify_all()
        await self._app(scope, receive, send)

    async def until(self, ending: str, times: int = 1) -> None:
        async with self._asked:
            await self._asked.wait_for(lambda: sum(path.endswith(ending) for path in self.paths) >= times)


class Edge:
    """A running edge and a client of it."""

    def __init__(self, role: EdgeRole, clock: ManualClock, watched: Watched, client: httpx.AsyncClient) -> None:
        self.role = role
        self.clock = clock
        self.asked = watched
        self.client = client
        self.url = str(client.base_url).rstrip("/")

    async def has(self, number: int, rendition: str = "aac64") -> None:
        """Wait until part `number` is published."""
        await until(lambda: self.next_number(rendition) > number)

    def next_number(self, rendition: str = "aac64") -> int:
        live = self.role.spaces.get(SPACE)
        found = None if live is None else live.renditions.get(rendition)
        return 0 if found is None else found.window.next_number or 0

    async def waits(self, held: int) -> None:
        """Wait until exactly `held` requests are held."""
        await until(lambda: self.role.room.held == held)

    async def is_connected(self, connected: bool = True) -> None:
        await until(lambda: self.role.agent.connected == connected)

    async def redials(self) -> None:
        """Let as little time pass as makes the agent dial, until the feed flows again."""
        while not self.role.agent.connected:
            self.clock.advance(LONGEST_PAUSE)
            with suppress(TimeoutError):
                await until(lambda: self.role.agent.connected, within=1.0)

    async def hears_the_end(self) -> None:
        """Wait until it was told that the programme ends, and pass the time until it tells so."""
        await until(
            lambda: (live := self.role.spaces.get(SPACE)) is not None and live.programme is feed.Programme.END
        )
        self.clock.advance(SETTLING)

    def path(self, rest: str) -> str:
        return f"/spaces/{SPACE}/{rest}"


@pytest.fixture(scope="session")
def spoken() -> tuple[list[dict[str, bytes]], dict[str, bytes]]:
    line = Line()
    return line.make(48), line.inits


@pytest.fixture(scope="session")
def holds() -> dict[str, list[bytes]]:
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda rendition: make_hold(rendition, tone(8, HOLD_TONE)), RENDITIONS)
    return {rendition.name: parts for rendition, parts in zip(RENDITIONS, made, strict=True)}


@pytest.fixture
def stage(tmp_path: Path, spoken: tuple[list[dict[str, bytes]], dict[str, bytes]]) -> Stage:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    return Stage(recordings, *spoken)


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "no-site"


@pytest.fixture
def max_waiting() -> int:
    return 1000


@asynccontextmanager
async def running_edge(stage_url: str, control_url: str, site: Path, max_waiting: int = 1000) -> AsyncIterator[Edge]:
    """An edge that follows the feed, and the door in front of it; cut its feed before leaving."""
    clock = ManualClock()
    role = EdgeRole(
        stage_url=stage_url,
        control_url=control_url,
        cluster_key=KEY,
        clock=clock,
        site=site,
        max_waiting=max_waiting,
    )
    watched = Watched(role.app)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(watched))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        running = asyncio.create_task(role.run())
        edge = Edge(role, clock, watched, client)
        await edge.is_connected()
        try:
            yield edge
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def edge(stage: Stage, control: Control, site: Path, max_waiting: int) -> AsyncIterator[Edge]:
    async with (
        serving(stage) as stage_url,
        serving(control) as control_url,
        running_edge(stage_url, control_url, site, max_waiting) as edge,
    ):
        yield edge
        stage.lose()


@pytest.fixture
def kind() -> Kind:
    return SMALL


@pytest.fixture
def trusted() -> frozenset[str]:
    return frozenset()


@pytest.fixture
async def rig(kind: Kind, trusted: frozenset[str]) -> AsyncIterator[Rig]:
    role = Role()
    async with AsyncExitStack() as stack:
        door = Door(kind, await stack.enter_async_context(serving(role.app)), trusted)
        stack.push_async_callback(door.upstream.close)
        url = await stack.enter_async_context(serving(door))
        yield Rig(role, door, await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20)))
