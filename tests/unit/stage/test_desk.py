"""What people on stage see, and when it stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from tests.support.stage import KEY, Speaker, Town, make_plan, seat

from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Hand, Role, SpacePlan
from hustings.stage.desk import EVERY, MOST_READERS, REMOVED, Desk, DeskFull
from hustings.stage.problems import PROBLEMS
from hustings.stage.routes import stage_routes

pytestmark = pytest.mark.usefixtures("beds")


def told(event: bytes) -> dict[str, Any]:
    assert event.startswith(b"data: ")
    assert event.endswith(b"\n\n")
    return dict(json.loads(event.removeprefix(b"data: ")))


async def opened(folder: Path) -> tuple[Town, Desk, SpacePlan]:
    town = Town(folder)
    seats = (seat("ada", role=Role.HOST), msgspec.structs.replace(seat("ben"), aired=False, held=True))
    plan = msgspec.structs.replace(make_plan(*seats), hands=(Hand("h1", "Eve", 1.0),))
    await town.rooms.put(plan)
    for name, speaker in (("ada", Speaker(500.0)), ("ben", Speaker(1000.0, 0.0))):
        town.rooms.attach(SeatClaim("space1", name, 0), speaker)
    town.step(50)
    return town, Desk(town.rooms, town.clock), plan


async def following(desk: Desk, seat_id: str) -> AsyncIterator[bytes]:
    return desk.open(SeatClaim("space1", seat_id, 0))


async def next_event(stream: AsyncIterator[bytes], town: Town) -> bytes:
    """The event after the one just read."""
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert not waiting.done()
    town.clock.advance(EVERY)
    return await waiting


async def test_a_host_sees_seats_levels_and_hands(tmp_path: Path) -> None:
    _, desk, _ = await opened(tmp_path)
    event = told(await anext(await following(desk, "ada")))
    assert event["you"] == "ada"
    assert event["may_direct"]
    assert event["state"] == "live"
    assert event["programme"] == "conversation"
    assert event["hands"] == [{"id": "h1", "name": "Eve", "asked_at": 1.0}]
    ada, ben = event["seats"]
    assert (ada["aired"], ben["aired"]) == (True, False)
    assert (ada["held"], ben["held"]) == (False, True)
    assert ada["connected"] == "connected"
    assert ada["speaking"]
    assert ada["level"] > 0.5
    assert ada["health"]["loss"] == 0.0
    assert not ben["speaking"]
    assert event["programme_level"] > 0.5


async def test_a_speaker_sees_the_stage_but_no_hands(tmp_path: Path) -> None:
    _, desk, _ = await opened(tmp_path)
    event = told(await anext(await following(desk, "ben")))
    assert event["you"] == "ben"
    assert not event["may_direct"]
    assert "hands" not in event


async def test_five_events_a_second_made_once_for_all_of_a_kind(tmp_path: Path) -> None:
    town, desk, _ = await opened(tmp_path)
    one, two = await following(desk, "ada"), await following(desk, "ada")
    first = await anext(one)
    assert await anext(two) == first
    second = told(await next_event(one, town))
    assert second["at"] == pytest.approx(told(first)["at"] + EVERY)


async def test_a_removed_seat_is_told_and_its_stream_ends(tmp_path: Path) -> None:
    town, desk, plan = await opened(tmp_path)
    ben, ada = await following(desk, "ben"), await following(desk, "ada")
    await anext(ben)
    await anext(ada)
    await town.rooms.put(msgspec.structs.replace(plan, revision=2, seats=plan.seats[:1]))
    assert await next_event(ben, town) == REMOVED
    with pytest.raises(StopAsyncIteration):
        await anext(ben)
    assert [s["id"] for s in told(await anext(ada))["seats"]] == ["ada"]


async def test_readers_are_bounded_and_a_closed_one_makes_room(tmp_path: Path) -> None:
    _, desk, _ = await opened(tmp_path)
    streams = [await following(desk, "ada") for _ in range(MOST_READERS)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(DeskFull):
        desk.open(SeatClaim("space1", "ada", 0))
    await streams[0].aclose()  # type: ignore[attr-defined]
    await anext(await following(desk, "ada"))


async def test_the_stream_of_a_deleted_space_ends_without_telling_anybody_they_were_removed(tmp_path: Path) -> None:
    town, desk, _ = await opened(tmp_path)
    ada = await following(desk, "ada")
    await anext(ada)
    await town.rooms.delete("space1")
    with pytest.raises(StopAsyncIteration):
        await next_event(ada, town)
    await town.rooms.close()


async def test_an_account_s_token_opens_no_desk_and_takes_no_seat_there(tmp_path: Path) -> None:
    town, desk, _ = await opened(tmp_path)
    doors = Starlette(routes=list(stage_routes(town.rooms, desk, KEY)), exception_handlers=PROBLEMS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(doors), base_url="http://stage") as http:
        answer = await http.get("/api/v1/spaces/space1/desk", headers={"Authorization": "Bearer hst_secret"})

    assert (answer.status_code, town.exchanged) == (401, [])
    await town.rooms.authorise("space1", "hst_secret")
    assert town.exchanged == [("space1", "hst_secret")]
