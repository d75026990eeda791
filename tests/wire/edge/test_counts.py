"""Two edges and the stage that counts for both, over real HTTP; one reaches it through the other's door."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.support.crowd import ids
from tests.support.stage import Town
from tests.wire.edge.conftest import KEY, SPACE, Edge, Stage, plan, running_edge

from hustings.broadcast.routes import broadcast_routes
from hustings.documents.turnout import WITHIN, Turnout
from hustings.stage.problems import PROBLEMS
from hustings.stage.turnouts import Turnouts, TurnoutShelf, turnout_routes

PAGES = ids(12)


async def nobody(_space: str, _turnout: Turnout) -> None:
    """Control, which is told elsewhere."""


@pytest.fixture
async def town(stage: Stage, tmp_path: Path) -> AsyncIterator[Town]:
    """The stage behind the feed, which counts."""
    town = Town(tmp_path)
    await town.rooms.put(plan())
    turnouts = Turnouts(town.rooms, TurnoutShelf(tmp_path / "stage"), nobody, town.clock)
    routes = [*broadcast_routes(stage.hub, tmp_path / "recordings", KEY), *turnout_routes(turnouts, KEY)]
    stage.routes = Starlette(routes=routes, exception_handlers=PROBLEMS)
    yield town
    await town.rooms.close()


@pytest.fixture
async def edges(town: Town, edge: Edge, stage: Stage, site: Path) -> AsyncIterator[tuple[Edge, Edge]]:
    async with running_edge(edge.url, edge.url, site) as distant:
        stage.open()
        stage.say(range(2))
        await edge.has(1)
        await distant.has(1)
        yield edge, distant
        stage.lose()


async def report(edge: Edge, *sessions: str, **more: Any) -> None:
    for session in sessions:
        answer = await edge.client.post(edge.path("beacon"), json={"session": session, **more})
        assert answer.status_code == 204


async def audience(edge: Edge) -> dict[str, Any]:
    edge.clock.advance(1.1)
    card = (await edge.client.get(edge.path("live.json"))).json()
    told: dict[str, Any] = card["audience"]
    assert told["listening"] == card["listening"]
    return told


async def test_every_edge_shows_how_many_listen_at_all_of_them(town: Town, edges: tuple[Edge, Edge]) -> None:
    here, there = edges
    await report(here, *PAGES[:5])
    await report(there, *PAGES[4:], stalls=1)
    assert (await audience(here))["listening"] == 5
    for edge in (here, there, here):
        await edge.role.town.tell()
    for edge in edges:
        told = await audience(edge)
        assert {key: told[key] for key in ("listening", "peak", "unique", "stalled", "one_in", "within")} == {
            "listening": 12, "peak": 12, "unique": 12, "stalled": 8, "one_in": 1, "within": WITHIN,
        }  # fmt: skip
    assert town.rooms.room(SPACE).turnout.listening == 12
    await report(there, *PAGES[4:], left=True)
    assert (await audience(there))["listening"] == 4, "the page heard at both may still be at the other"
    town.clock.advance(WITHIN + 1)
    await report(here, *PAGES[:5])
    for edge in (there, here):
        await edge.role.town.tell()
    assert town.rooms.room(SPACE).turnout == Turnout(5, 0, 12, 12, 8, round(8 / 12, 4))


async def test_an_edge_tells_what_it_could_not_tell_when_the_stage_is_back(
    town: Town, edges: tuple[Edge, Edge], stage: Stage
) -> None:
    here, _ = edges
    stage.refusing = True
    await report(here, *PAGES)
    await report(here, *PAGES, left=True)
    await here.role.town.tell()
    assert (await audience(here))["unique"] == 0
    stage.refusing = False
    await here.role.town.tell()
    assert (await audience(here))["unique"] == 12


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {KEY}"}])
async def test_only_an_edge_with_the_key_is_let_count(
    town: Town, edges: tuple[Edge, Edge], headers: dict[str, str]
) -> None:
    answer = await edges[0].client.post(f"/internal/spaces/{SPACE}/count", content=b"{}", headers=headers)
    allowed = KEY in headers.get("authorization", "")
    assert (answer.status_code, answer.json()["code"]) == ((400, "bad_count") if allowed else (404, "not_found"))
