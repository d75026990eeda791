"""The stage's internal doors over a real socket: the key, the feed's life, files and nothing but files."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from tests.support.asgi import serving
from tests.support.settling import until

from hustings.broadcast import manifest as manifests
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.manifest import Manifest
from hustings.broadcast.routes import broadcast_routes
from hustings.documents.feed import Frame, FrameReader, Hello, Part, Programme

KEY = {"Authorization": "Bearer cluster"}


def part(number: int, data: bytes = b"part") -> Part:
    return Part("s", "aac64", "e1", number, Programme.CONVERSATION, data)


@pytest.fixture
def hub() -> FeedHub:
    return FeedHub("e1")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "s").mkdir(parents=True)
    (folder / "s" / "replay.m4a").write_bytes(bytes(range(100)))
    (folder / "s" / "reserve.bin").write_bytes(b"reserve")
    (tmp_path / "cluster.json").write_text("secret")
    return folder


@pytest.fixture
async def stage(hub: FeedHub, recordings: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=broadcast_routes(hub, recordings, "cluster"))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
        hub.close()


async def frames(response: httpx.Response) -> AsyncGenerator[Frame, None]:
    reader = FrameReader()
    async for data in response.aiter_raw():
        for frame in reader.feed(data):
            yield frame


@pytest.mark.parametrize("path", ["/internal/feed", "/internal/recordings/s/replay.m4a"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "cluster"}])
async def test_nobody_comes_in_without_the_cluster_key(
    path: str, headers: dict[str, str], stage: httpx.AsyncClient, hub: FeedHub
) -> None:
    answer = await stage.get(path, headers=headers)

    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
    assert hub.readers == 0


async def test_the_feed_tells_the_state_and_then_what_is_new(stage: httpx.AsyncClient, hub: FeedHub) -> None:
    hub.publish(part(1))

    async with stage.stream("GET", "/internal/feed", headers=KEY) as response, aclosing(frames(response)) as told:
        assert [await anext(told), await anext(told)] == [Hello("e1"), part(1)]
        hub.publish(part(2, bytes(200_000)))
        assert await anext(told) == part(2, bytes(200_000))


async def test_a_reader_that_goes_away_is_let_go(stage: httpx.AsyncClient, hub: FeedHub) -> None:
    async with stage.stream("GET", "/internal/feed", headers=KEY) as response, aclosing(frames(response)) as told:
        assert await anext(told) == Hello("e1")
        assert hub.readers == 1

    await until(lambda: hub.readers == 0)


async def test_a_reader_that_stops_reading_is_cut_off(stage: httpx.AsyncClient, hub: FeedHub) -> None:
    port = stage.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    writer.write(b"GET /internal/feed HTTP/1.1\r\nHost: stage\r\nAuthorization: Bearer cluster\r\n\r\n")
    await until(lambda: hub.readers == 1)

    numbers = iter(range(10_000))
    await until(lambda: hub.readers == 0, each_turn=lambda: hub.publish(part(next(numbers), bytes(10_000))))

    async with asyncio.timeout(10):
        while await reader.read(1_000_000):
            pass
    writer.close()


async def test_the_feed_ends_when_the_stage_goes_down(stage: httpx.AsyncClient, hub: FeedHub) -> None:
    async with stage.stream("GET", "/internal/feed", headers=KEY) as response:
        told = frames(response)
        await anext(told)
        hub.close()
        async with asyncio.timeout(5):
            assert [frame async for frame in told] == []


async def test_a_recording_is_served_whole_in_ranges_and_as_a_head(stage: httpx.AsyncClient) -> None:
    path = "/internal/recordings/s/replay.m4a"

    whole = await stage.get(path, headers=KEY)
    piece = await stage.get(path, headers=KEY | {"Range": "bytes=10-19"})
    head = await stage.head(path, headers=KEY)

    assert (whole.status_code, whole.content) == (200, bytes(range(100)))
    assert (piece.status_code, piece.content) == (206, bytes(range(10, 20)))
    assert piece.headers["content-range"] == "bytes 10-19/100"
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "100", b"")
    assert whole.headers["content-type"] == "audio/mp4"


async def test_a_download_is_saved_under_the_conversations_title(stage: httpx.AsyncClient, recordings: Path) -> None:
    folder = recordings / "s"
    (folder / "segment.m4s").write_bytes(b"sound")
    manifests.save(folder, Manifest("s", title="Où est le bac?"))

    saved = (await stage.head("/internal/recordings/s/replay.m4a", headers=KEY)).headers["content-disposition"]
    segment = await stage.get("/internal/recordings/s/segment.m4s", headers=KEY)

    assert saved.startswith('attachment; filename="Ou est le bac.m4a"; filename*=UTF-8')
    assert "content-disposition" not in segment.headers


@pytest.mark.parametrize(
    "path",
    [
        "s/nothing.m4a",
        "s/reserve.bin",
        "s/..%2F..%2Fcluster.json",
        "..%2F/cluster.json",
        "../cluster.json",
        "s/.hidden.json",
        "s/",
    ],
)
async def test_no_other_file_is_served(path: str, stage: httpx.AsyncClient) -> None:
    answer = await stage.get(f"/internal/recordings/{path}", headers=KEY)

    assert answer.status_code == 404
