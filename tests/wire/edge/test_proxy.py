"""The way through the front door to the other roles: streamed, bounded, and closed to what is not for the public."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.support.asgi import free_port, serving
from tests.support.settling import until
from tests.wire.edge.conftest import KEY, SPACE, Control, Edge, Stage

from hustings.base.errors import HustingsError
from hustings.edge.answers import Request as Asked
from hustings.edge.answers import answer_error
from hustings.edge.proxy import STAGE_DOWN, Kind, Upstream

SMALL = Kind("small", at_once=1, queue=1, patience=30.0, body=1000, silence=5.0, down=STAGE_DOWN)


class Role:
    """A role that says what it was asked, streams while a test lets it, and notices who leaves."""

    def __init__(self) -> None:
        self.running = 0
        self.go_on = asyncio.Event()
        self.body = b""
        self.app = Starlette(
            routes=[
                Route("/slow", self.slow),
                Route("/sink", self.sink, methods=["POST"]),
                Route("/sign-in", self.sign_in, methods=["POST"]),
                Route("/{rest:path}", self.echo, methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"]),
            ]
        )

    async def slow(self, request: Request) -> Response:
        return StreamingResponse(self._pour(), media_type="text/event-stream")

    async def _pour(self) -> AsyncIterator[bytes]:
        self.running += 1
        try:
            yield b"data: first\n\n"
            await self.go_on.wait()
            yield b"data: second\n\n"
        finally:
            self.running -= 1

    async def sink(self, request: Request) -> Response:
        async for chunk in request.stream():
            self.body += chunk
        return JSONResponse(
            {"got": len(self.body)}, 201, {"location": "/api/v1/x", "connection": "x-hop", "x-hop": "1"}
        )

    async def sign_in(self, request: Request) -> Response:
        answer = Response()
        answer.set_cookie("session", "ada")
        return answer

    async def echo(self, request: Request) -> Response:
        body = await request.body()
        return JSONResponse(
            {
                "path": request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode(),
                "method": request.method,
                "headers": dict(request.headers),
                "body": len(body),
            }
        )


class Door:
    """One pool as an ASGI application of its own."""

    def __init__(self, kind: Kind, url: str, trusted: frozenset[str] = frozenset()) -> None:
        self.upstream = Upstream(kind, url)
        self.trusted = trusted

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        path = bytes(scope["raw_path"]) + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        try:
            await self.upstream.forward(path, Asked(scope, receive, send), self.trusted)
        except HustingsError as error:
            await answer_error(send, scope, error)


class Rig:
    def __init__(self, role: Role, door: Door, client: httpx.AsyncClient) -> None:
        self.role, self.door, self.client = role, door, client


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


async def test_an_answer_is_passed_on_as_it_comes(rig: Rig) -> None:
    async with rig.client.stream("GET", "/slow") as answer:
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"data: first\n\n"
        rig.role.go_on.set()
        assert await anext(pieces) == b"data: second\n\n"


async def test_who_leaves_ends_the_work_done_for_him(rig: Rig) -> None:
    async with rig.client.stream("GET", "/slow") as answer:
        pieces = answer.aiter_raw()
        await anext(pieces)
        assert rig.role.running == 1
    await until(lambda: rig.role.running == 0)


async def test_a_body_is_passed_on_as_it_comes(rig: Rig) -> None:
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"a" * 100
        await more.wait()
        yield b"b" * 100

    asked = asyncio.create_task(rig.client.post("/sink", content=body()))
    await until(lambda: len(rig.role.body) == 100)
    more.set()
    answer = await asked
    assert answer.status_code == 201
    assert answer.json() == {"got": 200}
    assert answer.headers["location"] == "/api/v1/x"
    assert "x-hop" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def chunked(size: int) -> Iterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


async def test_a_cookie_reaches_its_visitor_and_nobody_else(rig: Rig) -> None:
    signed_in = await rig.client.post("/sign-in")
    assert signed_in.cookies["session"] == "ada"
    assert (await rig.client.get("/echo")).json()["headers"]["cookie"] == "session=ada"
    async with httpx.AsyncClient(base_url=rig.client.base_url) as stranger:
        assert "cookie" not in (await stranger.get("/echo")).json()["headers"]


async def test_too_large_a_body_is_refused_declared_or_not(rig: Rig) -> None:
    assert (await rig.client.post("/echo", content=b"x" * 1000)).json()["body"] == 1000
    declared = await rig.client.post("/echo", content=b"x" * 1001)
    assert declared.status_code == 413
    assert declared.json() == {"error": "This is too large: at most 1 KB can be sent here.", "code": "too_large"}

    async def endless() -> AsyncIterator[bytes]:
        for piece in chunked(1100):
            yield piece

    undeclared = await rig.client.post("/echo", content=endless())
    assert undeclared.status_code == 413


async def test_a_full_pool_queues_a_few_and_refuses_the_rest(rig: Rig) -> None:
    async with rig.client.stream("GET", "/slow") as first:
        pieces = first.aiter_raw()
        await anext(pieces)
        queued = asyncio.create_task(rig.client.get("/echo"))
        await until(lambda: rig.door.upstream.queued == 1)
        refused = await rig.client.get("/echo")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        assert not queued.done()
    assert (await queued).status_code == 200


@pytest.mark.parametrize("kind", [Kind("hasty", 1, 5, 0.05, 1000, 5.0, STAGE_DOWN)])
async def test_nobody_queues_for_longer_than_the_pool_is_patient(rig: Rig) -> None:
    async with rig.client.stream("GET", "/slow") as first:
        pieces = first.aiter_raw()
        await anext(pieces)
        assert (await rig.client.get("/echo")).status_code == 503
    assert (await rig.client.get("/echo")).status_code == 200


async def test_a_role_that_is_down_is_said_to_be_restarting() -> None:
    async with AsyncExitStack() as stack:
        door = Door(SMALL, f"http://127.0.0.1:{free_port()}")
        stack.push_async_callback(door.upstream.close)
        url = await stack.enter_async_context(serving(door))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url))
        answer = await client.get("/echo")
    assert answer.status_code == 503
    assert answer.json() == {"error": STAGE_DOWN, "code": "unavailable"}
    assert answer.headers["cache-control"] == "no-store"


async def test_headers_of_one_connection_and_claims_of_identity_are_dropped(rig: Rig) -> None:
    sent = {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        "x-hop": "1",
        "connection": "x-hop",
        "te": "x",
    }
    got = (await rig.client.get("/echo", headers={**sent, "authorization": "Bearer t", "cookie": "a=b"})).json()
    headers = got["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == rig.client.base_url.netloc.decode()
    assert headers["authorization"] == "Bearer t"
    assert headers["cookie"] == "a=b"
    assert not {"x-hop", "te"} & set(headers)


@pytest.mark.parametrize("trusted", [frozenset({"127.0.0.1", "10.0.0.9"})])
async def test_a_trusted_proxy_is_believed(rig: Rig) -> None:
    sent = {
        "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "t.org",
    }
    headers = (await rig.client.get("/echo", headers=sent)).json()["headers"]
    assert headers["x-forwarded-for"] == "203.0.113.7"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"] == "t.org"


async def test_paths_and_queries_arrive_as_they_were_written(rig: Rig) -> None:
    got = (await rig.client.get("/a%2Fb/caf%C3%A9?x=%26&y=1+2")).json()
    assert got["path"] == "/a%2Fb/caf%C3%A9?x=%26&y=1+2"


# Through the whole front door.


class Named:
    """Answers with its own name and the path it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        told = {"role": self.name, "path": scope["path"], "authorization": headers.get("authorization")}
        await JSONResponse(told)(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "role", "arrives"),
    [
        (f"/api/v1/spaces/{SPACE}/whip", "stage", None),
        (f"/api/v1/spaces/{SPACE}/whip/session", "stage", None),
        (f"/api/v1/spaces/{SPACE}/desk", "stage", None),
        (f"/spaces/{SPACE}/replay.m3u8", "stage", f"/internal/recordings/{SPACE}/replay.m3u8"),
        (f"/spaces/{SPACE}/replay/seg-3.m4s", "stage", f"/internal/recordings/{SPACE}/seg-3.m4s"),
        (f"/spaces/{SPACE}/replay/seg-3-1.m4s", "stage", f"/internal/recordings/{SPACE}/seg-3-1.m4s"),
        (f"/spaces/{SPACE}/replay/init.mp4", "stage", f"/internal/recordings/{SPACE}/init.mp4"),
        (f"/spaces/{SPACE}/replay.flac", "stage", f"/internal/recordings/{SPACE}/replay.flac"),
        (f"/spaces/{SPACE}/calendar.ics", "control", None),
        (f"/api/v1/spaces/{SPACE}", "control", None),
        (f"/api/v1/spaces/{SPACE}/preshow", "control", None),
        ("/api/v1/me", "control", None),
    ],
)
async def test_each_path_goes_to_its_role(
    edge: Edge, stage: Stage, control: Control, *, path: str, role: str, arrives: str | None
) -> None:
    stage.routes, control.answer = Named("stage"), Named("control")
    told = (await edge.client.get(path, headers={"authorization": "Bearer mine"})).json()
    assert told["role"] == role
    assert told["path"] == (arrives or path)
    assert told["authorization"] == (f"Bearer {KEY}" if arrives else "Bearer mine")


@pytest.mark.parametrize(
    "path",
    [
        "/internal/epoch",
        "/internal/plans/x",
        f"/spaces/{SPACE}/replay/manifest.json",
        f"/spaces/{SPACE}/replay/seat-s1-0.opus",
        f"/spaces/{SPACE}/replay/..%2F..%2Fepoch",
        f"/spaces/{SPACE}/manifest.json",
        "/spaces/a%2Fb/replay.m3u8",
        "/api/..%2F..%2Finternal%2Fepoch",
        "/api/%2e%2e/internal/epoch",
    ],
)
async def test_what_is_internal_is_out_of_reach(edge: Edge, stage: Stage, control: Control, path: str) -> None:
    stage.routes, control.answer = Named("stage"), Named("control")
    answer = await edge.client.get(path)
    assert answer.status_code in (404, 503)
    assert "role" not in answer.text


async def test_a_flooded_api_leaves_the_way_to_the_stage_open(edge: Edge, stage: Stage, control: Control) -> None:
    role = Role()
    stage.routes = Named("stage")
    async with AsyncExitStack() as stack:
        stack.callback(role.go_on.set)

        async def blocked(scope: Any, receive: Any, send: Any) -> None:
            role.running += 1
            await role.go_on.wait()
            await JSONResponse({})(scope, receive, send)

        control.answer = blocked
        flood = [asyncio.create_task(edge.client.get("/api/v1/me")) for _ in range(80)]
        await until(lambda: role.running == 64)
        assert (await edge.client.post(f"/api/v1/spaces/{SPACE}/whip", content=b"v=0")).json()["role"] == "stage"
        assert (await edge.client.get("/healthz")).text == "ok"
    assert {(await one).status_code for one in flood} == {200}


async def test_a_replay_can_be_sought_in(edge: Edge, stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "recordings" / SPACE
    folder.mkdir()
    (folder / "replay.m4a").write_bytes(bytes(range(256)))
    answer = await edge.client.get(f"/spaces/{SPACE}/replay.m4a", headers={"range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.content == bytes(range(10, 20))
    assert answer.headers["content-range"] == "bytes 10-19/256"
    whole = await edge.client.head(f"/spaces/{SPACE}/replay.m4a")
    assert whole.headers["content-length"] == "256"
