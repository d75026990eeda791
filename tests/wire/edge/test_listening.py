"""The listening plane over real HTTP, fed by a real feed."""

import asyncio

import httpx
from tests.wire.edge.conftest import SPACE, Edge, Stage


async def test_a_blocking_reload_returns_when_the_part_arrives(edge: Edge, stage: Stage) -> None:
    stage.open()
    stage.say(range(9))
    await edge.has(8)
    asked = asyncio.create_task(edge.client.get(edge.path("live/aac64/ll.m3u8?_HLS_msn=2&_HLS_part=1")))
    await edge.waits(1)
    assert not asked.done()
    stage.say([9])
    answer = await asked
    assert answer.status_code == 200
    assert "p9-first.m4s" in answer.text
    assert answer.text.count("PRELOAD-HINT") == 1
    await edge.waits(0)


async def test_the_same_part_is_served_whole_and_as_part_of_its_segment(edge: Edge, stage: Stage) -> None:
    stage.open()
    stage.say(range(8))
    await edge.has(7)
    part = await edge.client.get(edge.path("media/aac64/p4-first.m4s"))
    segment = await edge.client.get(edge.path("media/aac64/s1-first.m4s"))
    assert part.content == stage.line[4]["aac64"]
    assert segment.content == b"".join(stage.line[n]["aac64"] for n in range(4, 8))
    assert part.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert part.headers["access-control-allow-origin"] == "*"


async def test_a_client_that_leaves_gives_its_place_back(edge: Edge, stage: Stage) -> None:
    stage.open()
    stage.say(range(4))
    await edge.has(3)
    async with httpx.AsyncClient(base_url=edge.url) as client:
        asked = asyncio.create_task(client.get(f"/spaces/{SPACE}/live/aac64/ll.m3u8?_HLS_msn=1&_HLS_part=0"))
        await edge.waits(1)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    await edge.waits(0)
