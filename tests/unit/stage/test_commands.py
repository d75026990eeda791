"""Who may ask what of the stage, and what it answers."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from tests.support.stage import Speaker, Town, amplitude_at, make_plan, seat

from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Role, SpaceState
from hustings.stage.commands import MAX_COMMAND, command_routes
from hustings.stage.desk import body
from hustings.stage.problems import PROBLEMS

pytestmark = pytest.mark.usefixtures("beds")

LATE = 2.0  # seconds


class Asking:
    """Commands to a stage where Ada hosts, Ben speaks and Pat produces; all are connected and live."""

    def __init__(self, town: Town, http: httpx.AsyncClient, speakers: dict[str, Speaker]) -> None:
        self.town, self.http, self.speakers = town, http, speakers

    async def ask(self, who: str, command: str, body: object = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.town.token(who)}"}
        content = options.pop("content", msgspec.json.encode(body) if body is not None else None)
        return await self.http.post(f"/api/v1/spaces/space1/desk/{command}", headers=headers, content=content)


@asynccontextmanager
async def asking(folder: Path, *, delay: float = LATE) -> AsyncIterator[Asking]:
    town = Town(folder)
    seats = (seat("ada", role=Role.HOST), seat("ben"), seat("pat", role=Role.PRODUCER, on_air=False))
    await town.rooms.put(msgspec.structs.replace(make_plan(*seats), delay=delay))
    speakers = {each.id: Speaker(500.0 * (number + 1)) for number, each in enumerate(seats)}
    for name, speaker in speakers.items():
        town.rooms.attach(SeatClaim("space1", name, 0), speaker)
    town.step(150)
    door = Starlette(routes=list(command_routes(town.rooms, town.clock)), exception_handlers=PROBLEMS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://stage") as http:
        yield Asking(town, http, speakers)


@pytest.mark.parametrize("who", ["ada", "pat"])
async def test_who_directs_dumps_and_is_told_how_much(tmp_path: Path, who: str) -> None:
    async with asking(tmp_path) as stage:
        answer = await stage.ask(who, "dump")
        assert (answer.status_code, answer.json()) == (200, {"seconds": LATE})
        assert stage.town.rooms.room("space1").timeline.dumped_at == stage.town.clock.now()


async def test_a_speaker_dumps_nothing(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        answer = await stage.ask("ben", "dump")
        assert (answer.status_code, answer.json()["code"]) == (403, "not_directing")
        assert stage.town.rooms.room("space1").timeline.dumped_at is None


async def test_without_a_delay_there_is_nothing_to_dump(tmp_path: Path) -> None:
    async with asking(tmp_path, delay=0.0) as stage:
        answer = await stage.ask("ada", "dump")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_delay")


async def test_what_still_goes_out_after_the_end_is_dumped_and_was_said_before(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        stage.town.step(100)
        stage.town.programme()
        plan = stage.town.rooms.room("space1").plan
        over = msgspec.structs.replace(
            plan, revision=plan.revision + 1, state=SpaceState.ENDED, ended_at=stage.town.clock.now()
        )
        await stage.town.rooms.put(over)
        stage.town.step(25)
        assert amplitude_at(stage.town.programme(), 500.0) > 0.05
        answer = await stage.ask("ada", "dump")
        assert (answer.status_code, answer.json()) == (200, {"seconds": LATE - 0.5})
        stage.town.step(25)  # the last of what was out fades
        stage.town.programme()
        stage.town.step(100)
        assert amplitude_at(stage.town.programme(), 500.0) < 1e-3


async def test_a_token_that_was_replaced_directs_nothing(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        plan = stage.town.rooms.room("space1").plan
        seats = tuple(msgspec.structs.replace(each, generation=1) for each in plan.seats)
        await stage.town.rooms.put(msgspec.structs.replace(plan, revision=plan.revision + 1, seats=seats))
        assert (await stage.ask("ada", "dump")).json()["code"] == "token_replaced"


async def test_nobody_who_is_not_there_is_let_be_heard(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        assert (await stage.ask("pat", "unsilence", {"seat": "ben"})).status_code == 204
        answer = await stage.ask("pat", "unsilence", {"seat": "gone"})
        assert (answer.status_code, answer.json()["code"]) == (404, "nobody_there")


async def test_a_stranger_asks_for_nothing(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        assert (await stage.http.post("/api/v1/spaces/space1/desk/dump")).status_code == 401
        assert (await stage.ask("eve", "dump")).status_code == 403


@pytest.mark.parametrize(
    ("who", "status", "silenced"), [("ada", 204, False), ("pat", 204, False), ("ben", 403, True)]
)
async def test_who_directs_lets_a_silenced_seat_be_heard(
    tmp_path: Path, who: str, status: int, silenced: bool
) -> None:
    async with asking(tmp_path) as stage:
        rule = stage.town.rooms.room("space1").watch.seat("ben").rule
        rule.look(True, 0.0, on=True)
        assert rule.silenced
        assert (await stage.ask(who, "unsilence", {"seat": "ben"})).status_code == status
        rule.look(True, 1.0, on=True)
        assert rule.silenced is silenced


async def test_a_producer_talks_to_whom_they_name_and_the_desk_shows_it(tmp_path: Path) -> None:
    async with asking(tmp_path) as stage:
        answer = await stage.ask("pat", "talkback", {"on": True, "to": ["ben", "gone"]})
        assert answer.status_code == 200
        stage.town.step(20)
        ada, ben, pat = (stage.speakers[name] for name in ("ada", "ben", "pat"))
        assert ben.hears(pat) > 0.05
        assert ada.hears(pat) < 0.001
        desk = json.loads(b"{" + body(stage.town.rooms.room("space1"), 0.0, directs=True))
        assert desk["talkback"] == [{"by": "pat", "to": ["ben"]}]
        assert (await stage.ask("pat", "talkback", {"on": False})).status_code == 200
        stage.town.step(40)
        assert ben.hears(pat) < 0.001


@pytest.mark.parametrize(
    ("who", "said", "status", "code"),
    [
        ("ben", {"on": True}, 403, "not_directing"),
        ("pat", {"on": True, "to": ["gone"]}, 404, "nobody_there"),
        ("pat", {"on": True, "to": ["pat"]}, 404, "nobody_there"),
        ("pat", {"on": "yes"}, 400, "bad_command"),
        ("pat", {"on": True, "to": ["x" * MAX_COMMAND]}, 413, "too_large"),
    ],
)
async def test_talkback_that_cannot_be_is_refused(
    tmp_path: Path, who: str, said: object, status: int, code: str
) -> None:
    async with asking(tmp_path) as stage:
        answer = await stage.ask(who, "talkback", said)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not stage.town.rooms.room("space1").talkback.held()
