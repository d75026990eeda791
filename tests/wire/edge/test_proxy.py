"""The way through the front door to the other roles: streamed, bounded, and closed to what is not for the public."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse
from structlog.testing import capture_logs
from tests.support.asgi import free_port, serving
from tests.support.doors import SMALL, Door, Named, Rig, Role
from tests.support.settling import until
from tests.wire.edge.conftest import KEY, SPACE, Control, Edge, Stage

from hustings.edge.proxy import STAGE_DOWN


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


async def test_a_cookie_reaches_its_visitor_and_nobody_else(rig: Rig) -> None:
    signed_in = await rig.client.post("/sign-in")
    assert signed_in.cookies["session"] == "ada"
    assert (await rig.client.get("/echo")).json()["headers"]["cookie"] == "session=ada"
    async with httpx.AsyncClient(base_url=rig.client.base_url) as stranger:
        assert "cookie" not in (await stranger.get("/echo")).json()["headers"]


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


@pytest.mark.parametrize("kind", [replace(SMALL, patience=0.05)])
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


async def test_a_role_that_is_down_is_told_of_once_in_each_outage() -> None:
    port = free_port()
    async with AsyncExitStack() as stack:
        door = Door(SMALL, f"http://127.0.0.1:{port}")
        stack.push_async_callback(door.upstream.close)
        url = await stack.enter_async_context(serving(door))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url))
        with capture_logs() as logged:
            answers = [await client.get("/echo") for _ in range(3)]
            async with serving(Role().app, port=port):
                answers.append(await client.get("/echo"))
            answers += [await client.get("/echo") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 503, 503, 200, 503, 503]
    assert [line["event"] for line in logged] == ["upstream failed", "upstream failed"]


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


@pytest.mark.parametrize(
    ("path", "role", "arrives"),
    [
        (f"/api/v1/spaces/{SPACE}/whip", "stage", None),
        (f"/api/v1/spaces/{SPACE}/whip/session", "stage", None),
        (f"/api/v1/spaces/{SPACE}/desk", "stage", None),
        (f"/api/v1/spaces/{SPACE}/desk/dump", "stage", None),
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
