"""What the stage does with counts: the desk shows them, the disk keeps them, control has them in the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from tests.support.crowd import ids
from tests.support.settling import until
from tests.support.stage import KEY, Town, make_plan, seat

from hustings.base.errors import Unavailable
from hustings.documents.distinct import Distinct
from hustings.documents.turnout import EdgeCount, TownCount, Turnout
from hustings.stage.desk import body
from hustings.stage.problems import PROBLEMS
from hustings.stage.rooms import UnknownSpace
from hustings.stage.turnouts import EVERY, TOLD_EVERY, Turnouts, TurnoutShelf, turnout_routes

pytestmark = pytest.mark.usefixtures("beds")

PAGES = ids(9)
AT = "/internal/spaces/space1/count"


class Control:
    """Takes what it is told while it is there."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.asked = 0
        self.there = True

    async def __call__(self, space: str, turnout: Turnout) -> None:
        self.asked += 1
        if not self.there:
            raise Unavailable("Control does not answer.")
        self.told.append((space, turnout.unique))


@pytest.fixture
async def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    return town


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
def counting(town: Town, control: Control, tmp_path: Path) -> Callable[[], Any]:
    """One run of the stage's counting after another; each `advance` passes one turn."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Turnouts]:
        turnouts = Turnouts(town.rooms, TurnoutShelf(tmp_path / "stage"), control, town.clock)
        await turnouts.load()
        running = asyncio.create_task(turnouts.run())
        await asyncio.sleep(0)
        yield turnouts
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    return run


def count(pages: list[str], stalled: list[str] | None = None) -> EdgeCount:
    packed = Distinct(pages).pack()
    return EdgeCount("edge1", 0, 0, packed, packed, Distinct(stalled or []).pack(), estimated=2)


async def test_who_directs_sees_how_many_listen(town: Town, counting: Callable[[], Any]) -> None:
    async with counting() as turnouts:
        answer = await turnouts.take("space1", count(PAGES, PAGES[:3]))
    assert isinstance(answer, TownCount)
    room = town.rooms.room("space1")
    told = {directs: body(room, 0.0, directs=directs) for directs in (True, False)}
    assert b'"audience":{"listening":11,"estimated":2,"peak":11,"unique":9,"stalled":3' in told[True]
    assert b'"audience"' not in told[False]


async def test_what_was_counted_outlives_a_restart_and_the_page_count_does_not(
    town: Town, counting: Callable[[], Any], control: Control, tmp_path: Path
) -> None:
    async with counting() as turnouts:
        await turnouts.take("space1", count(PAGES))
        town.clock.advance(EVERY)
        await until((tmp_path / "stage" / "space1.count").exists)
    async with counting():
        shown = town.rooms.room("space1").turnout
    assert (shown.listening, shown.peak, shown.unique) == (0, 11, 9)


async def test_a_file_that_cannot_be_read_stops_nothing(
    town: Town, counting: Callable[[], Any], tmp_path: Path
) -> None:
    (tmp_path / "stage" / "space1.count").write_bytes(b"no count")
    async with counting() as turnouts:
        assert (await turnouts.take("space1", count(PAGES))).turnout.unique == 9


async def test_control_is_told_now_and_then_and_when_it_is_over_until_it_has_it(
    town: Town, counting: Callable[[], Any], control: Control, tmp_path: Path
) -> None:
    kept = tmp_path / "stage" / "space1.count"
    async with counting() as turnouts:
        await turnouts.take("space1", count(PAGES[:5]))
        town.clock.advance(TOLD_EVERY)
        await until(lambda: control.told == [("space1", 5)])
        await turnouts.take("space1", count(PAGES))
        control.there = False
        await town.rooms.delete("space1")
        asked = control.asked
        town.clock.advance(EVERY)
        await until(lambda: control.asked > asked)
        assert kept.exists()
        control.there = True
        town.clock.advance(EVERY)
        await until(lambda: control.told == [("space1", 5), ("space1", 9)])
        await until(lambda: not kept.exists())
        with pytest.raises(UnknownSpace):
            await turnouts.take("space1", count(PAGES))


async def test_the_door_takes_counts_by_key_and_refuses_what_is_none(town: Town, counting: Callable[[], Any]) -> None:
    async with counting() as turnouts:
        app = Starlette(routes=turnout_routes(turnouts, KEY), exception_handlers=PROBLEMS)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://stage") as http:
            by_key = {"authorization": f"Bearer {KEY}"}
            told = msgspec.json.encode(count(PAGES))
            answer = await http.post(AT, content=told, headers=by_key)
            assert msgspec.json.decode(answer.content, type=TownCount).turnout.unique == 9
            assert (await http.post(AT, content=told)).status_code == 401
            broken = msgspec.json.encode(msgspec.structs.replace(count([]), here={0: b"no sketch"}))
            codes = [(await http.post(AT, content=bad, headers=by_key)).json()["code"] for bad in (b"[]", broken)]
            assert codes == ["bad_count", "bad_sketch"]
            elsewhere = await http.post(AT.replace("space1", "space2"), content=told, headers=by_key)
            assert elsewhere.status_code == 404
