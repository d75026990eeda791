"""What the monitor's doors on the stage refuse, and that they take what they should."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from tests.support.stage import KEY, Town, make_plan, seat

from hustings.documents.heard import Heard, Place, What
from hustings.stage.heard_routes import MAX_HEARD, heard_routes
from hustings.stage.problems import PROBLEMS

pytestmark = pytest.mark.usefixtures("beds")

AT = "/internal/spaces/space1"
WORD = msgspec.json.encode(Heard("http://edge", 960, Place.EDGE, What.SILENCE, 1.0))
DOORS = [("GET", "/internal/on-air"), ("GET", f"{AT}/sounded"), ("PUT", f"{AT}/heard")]


@pytest.fixture
async def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    return town


@pytest.fixture
async def door(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=list(heard_routes(town.rooms, KEY)), exception_handlers=PROBLEMS)
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://stage", headers=headers
    ) as http:
        yield http


def told(town: Town) -> list[Heard]:
    return [heard for _, heard in town.rooms.room("space1").heard_at_edges()]


async def test_who_has_the_key_asks_and_is_believed(town: Town, door: httpx.AsyncClient) -> None:
    assert (await door.get("/internal/on-air")).json() == {"spaces": ["space1"]}
    assert (await door.get(f"{AT}/sounded")).json() == {"epoch": "epoch1", "parts": []}
    assert (await door.put(f"{AT}/heard", content=WORD)).status_code == 204
    assert [heard.what for heard in told(town)] == [What.SILENCE]


@pytest.mark.parametrize(("verb", "path"), DOORS)
@pytest.mark.parametrize("key", ["", f"{KEY}x", KEY[:-1], "schlüssel"])
async def test_who_has_another_key_is_told_nothing_and_not_believed(
    town: Town, door: httpx.AsyncClient, verb: str, path: str, key: str
) -> None:
    headers = {b"authorization": f"Bearer {key}".encode()}
    answer = await door.request(verb, path, content=WORD if verb == "PUT" else None, headers=headers)
    assert answer.status_code == 401
    assert answer.json().keys() == {"error", "code"}
    assert told(town) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_verdict"),
        (b"{}", 400, "bad_verdict"),
        (WORD.replace(b"silence", b"boredom"), 400, "bad_verdict"),
        (WORD[:-1], 400, "bad_verdict"),
        (WORD + b" " * (MAX_HEARD + 1 - len(WORD)), 413, "too_large"),
    ],
)
async def test_a_verdict_that_is_none_is_refused(
    town: Town, door: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await door.put(f"{AT}/heard", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert told(town) == []


async def test_the_longest_verdict_is_taken_and_no_number_is_no_part(door: httpx.AsyncClient) -> None:
    assert (await door.put(f"{AT}/heard", content=WORD.ljust(MAX_HEARD))).status_code == 204
    assert (await door.get(f"{AT}/sounded", params={"after": "late"})).json()["code"] == "bad_verdict"
    assert (await door.put("/internal/spaces/nowhere/heard", content=WORD)).status_code == 404
