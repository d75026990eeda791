"""What is sent through the front door is bounded, timed, and takes no place from others before it is there."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from tests.support.doors import SMALL, Named, Rig, idlers
from tests.support.settling import until
from tests.wire.edge.conftest import SPACE, Control, Edge, Stage, Watched

from hustings.edge import bodies, proxy

STREAMED = replace(SMALL, streams=True)


@pytest.mark.parametrize("kind", [STREAMED])
async def test_an_upload_is_passed_on_as_it_comes(rig: Rig) -> None:
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


@pytest.mark.parametrize("kind", [SMALL, STREAMED])
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


async def test_a_body_that_does_not_come_takes_no_place(rig: Rig) -> None:
    async with idlers(str(rig.client.base_url), "/sink", 40, b"some of it"):
        await until(lambda: rig.door.asked == 40)
        assert (await rig.client.post("/sink", content=b"all of it")).status_code == 201
    assert rig.role.body == b"all of it"


@pytest.mark.parametrize("kind", [replace(SMALL, arrives=0.05), replace(STREAMED, arrives=0.05)])
@pytest.mark.parametrize("sent", [b"", b"some of it"])
async def test_a_body_that_does_not_come_is_given_up(rig: Rig, sent: bytes) -> None:
    async with idlers(str(rig.client.base_url), "/sink", 1, sent) as (idler,):
        assert await idler.status() == 408
    assert (await rig.client.post("/sink", content=b"all of it")).status_code == 201


async def test_an_upload_that_stalls_gives_its_place_back(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "STALLED", 0.05)
    async with idlers(str(rig.client.base_url), "/sink", 1, b"some of it") as (idler,):
        assert await idler.status() == 408


async def test_bodies_that_wait_are_held_up_to_a_bound(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "HELD", 1500)
    async with idlers(str(rig.client.base_url), "/sink", 1, b"x" * 800):
        await until(lambda: rig.door.upstream.held == 800)
        assert (await rig.client.post("/sink", content=b"x" * 701)).status_code == 503
        assert (await rig.client.post("/sink", content=b"x" * 700)).status_code == 201
    await until(lambda: rig.door.upstream.held == 0)


@pytest.mark.parametrize("path", [f"/api/v1/spaces/{SPACE}/whip", "/api/v1/sessions"])
async def test_those_who_announce_an_offer_and_send_none_keep_no_speaker_out(
    edge: Edge, stage: Stage, control: Control, path: str
) -> None:
    stage.routes, control.answer = Named("stage"), Named("control")
    async with idlers(edge.url, path, 70):
        await edge.asked.until(path, 70)
        assert (await edge.client.post(path, content=b"v=0")).status_code == 200


async def test_an_upload_may_be_as_large_as_its_file_and_the_form_around_it(edge: Edge, control: Control) -> None:
    reached = Watched(control.answer)
    control.answer = reached
    path, largest = f"/api/v1/spaces/{SPACE}/preshow", 100_000_000
    async with idlers(edge.url, path, 1, length=largest + 64_000):
        await reached.until(path)
    async with idlers(edge.url, path, 1, length=largest + 65_000) as (upload,):
        assert await upload.status() == 413
    assert reached.paths == [path]
