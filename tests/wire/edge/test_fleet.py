"""Edges on other machines, which reach a town through the front door of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.wire.edge.conftest import KEY, SPACE, Control, Edge, Stage, plan, running_edge

BY_KEY = {"authorization": f"Bearer {KEY}"}
LIVE = f"/spaces/{SPACE}/live/aac64"


@pytest.fixture
async def distant(edge: Edge, stage: Stage, site: Path) -> AsyncIterator[Edge]:
    """An edge that knows of the town only the address of its front door."""
    async with running_edge(edge.url, edge.url, site) as distant:
        yield distant
        stage.lose()


async def test_a_distant_edge_gives_the_same_bytes_under_the_same_names(
    edge: Edge, distant: Edge, stage: Stage, holds: dict[str, list[bytes]]
) -> None:
    stage.open(holds=holds)
    stage.say(range(9))
    await edge.has(8)
    await distant.has(8)
    for form in ("ll", "plain"):
        here, there = [await each.client.get(f"{LIVE}/{form}.m3u8") for each in (edge, distant)]
        assert here.status_code == 200
        assert here.text == there.text
    part = f"/spaces/{SPACE}/media/aac64/p8-first.m4s"
    assert (await edge.client.get(part)).content == (await distant.client.get(part)).content != b""


async def test_a_distant_edge_asks_the_town_nothing_for_a_part_or_a_playlist(
    edge: Edge, distant: Edge, stage: Stage
) -> None:
    stage.open()
    stage.say(range(9))
    await distant.has(8)
    asked = len(edge.asked.paths)
    for _ in range(20):
        assert (await distant.client.get(f"{LIVE}/ll.m3u8")).status_code == 200
        assert (await distant.client.get(f"/spaces/{SPACE}/media/aac64/p8-first.m4s")).status_code == 200
    assert edge.asked.paths[asked:] == []


async def test_a_distant_edge_knows_of_spaces_that_are_not_on_air(distant: Edge, control: Control) -> None:
    control.plans[SPACE] = plan()
    control.accounts.add("ada")
    assert (await distant.client.get(f"/spaces/{SPACE}/live.json")).json()["title"] == "On the record"
    assert (await distant.client.get(f"/spaces/{'x' * 18}/live.json")).status_code == 404


async def test_recordings_reach_those_who_listen_far_away(distant: Edge, tmp_path: Path) -> None:
    folder = tmp_path / "recordings" / SPACE
    folder.mkdir()
    (folder / "replay.m4a").write_bytes(b"0123456789")
    answer = await distant.client.get(f"/spaces/{SPACE}/replay.m4a", headers={"range": "bytes=2-5"})
    assert (answer.status_code, answer.content) == (206, b"2345")


@pytest.mark.parametrize("path", ["feed", f"plans/{SPACE}", "accounts/ada", f"recordings/{SPACE}/replay.m4a"])
async def test_what_edges_may_ask_is_not_there_for_anybody_else(edge: Edge, control: Control, path: str) -> None:
    control.plans[SPACE] = plan()
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": KEY}):
        answer = await edge.client.get(f"/internal/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert control.asked == 0


@pytest.mark.parametrize(
    "path", ["epoch", f"spaces/{SPACE}", "owner-link", "plans", f"plans/{SPACE}/x", f"recordings/{SPACE}/../x", ""]
)
async def test_the_key_opens_nothing_else_at_the_front_door(edge: Edge, path: str) -> None:
    assert (await edge.client.get(f"/internal/{path}", headers=BY_KEY)).status_code == 404


async def test_the_key_changes_nothing_at_the_front_door(edge: Edge, control: Control) -> None:
    control.plans[SPACE] = plan()
    assert (await edge.client.get(f"/internal/plans/{SPACE}", headers=BY_KEY)).status_code == 200
    for method in ("PUT", "POST", "DELETE"):
        answer = await edge.client.request(method, f"/internal/plans/{SPACE}", headers=BY_KEY)
        assert answer.status_code == 405


async def test_an_edge_that_is_stopped_sends_those_who_wait_there_to_another_at_once(
    edge: Edge, distant: Edge, stage: Stage
) -> None:
    stage.open()
    stage.say(range(9))
    await distant.has(8)
    asked = asyncio.create_task(distant.client.get(f"{LIVE}/ll.m3u8?_HLS_msn=2&_HLS_part=1"))
    await distant.waits(1)
    distant.role.room.close()
    for answer in (await asked, await distant.client.get(f"{LIVE}/ll.m3u8?_HLS_msn=2&_HLS_part=1")):
        assert (answer.status_code, answer.json()["code"]) == (502, "leaving")
    assert (await distant.client.get(f"{LIVE}/ll.m3u8")).status_code == 200
