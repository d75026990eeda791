"""What nobody may do to others: record them unasked, speak by a token that only reads, direct after handing over."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.support.control import World, guest_seat, new_space

AGREED = {"agree_recording": True}


def at(space: dict[str, object]) -> str:
    return f"/api/v1/spaces/{space['id']}"


async def consents(world: World, space: dict[str, object]) -> dict[str, bool]:
    async with world.control.services.store.read() as work:
        return {seat.name: seat.agreed_recording_at is not None for seat in await work.seats.of(str(space["id"]))}


async def test_consent_is_noted_of_those_who_gave_it_and_recording_waits_for_the_others(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host, record=False)
    await host.post(f"{at(space)}/seat", json=AGREED)
    url = (await host.post(f"{at(space)}/invitations", json={})).json()["url"]
    accept = f"/api/v1/invitations/{url.rpartition('/')[2]}/accept"
    guest = await world.person()
    seat = (await guest.post(accept, json={"name": "Ben"})).json()["seat"]
    hand = (await guest.post(f"{at(space)}/requests", json={"name": "Chi"})).json()
    await host.post(f"{at(space)}/requests/{hand['id']}/approve")
    chi = (await guest.post(f"{at(space)}/requests/{hand['id']}/accept", json={"secret": hand["secret"]})).json()

    before = await consents(world, space)
    refused = await host.patch(at(space), json={"record": True})
    again = (await guest.post(accept, json={"name": "Ben", **AGREED})).json()
    await host.post(f"{at(space)}/seats/{chi['seat']}/remove")
    recorded = await host.patch(at(space), json={"record": True})

    assert before == {"ada": True, "Ben": False, "Chi": False}
    assert (refused.status_code, refused.json()["code"]) == (409, "not_all_agreed")
    assert refused.json()["error"].startswith("Ben, Chi did not agree to be recorded.")
    assert again["seat"] == seat
    assert await consents(world, space) == {"ada": True, "Ben": True}
    assert recorded.json()["record"] is True


Accept = Callable[[bool], Awaitable[httpx.Response]]


async def by_invitation(world: World, host: httpx.AsyncClient, space: dict[str, object]) -> Accept:
    url = (await host.post(f"{at(space)}/invitations", json={})).json()["url"]
    guest, path = await world.person(), f"/api/v1/invitations/{url.rpartition('/')[2]}/accept"
    return lambda agrees: guest.post(path, json={"name": "Ben", "agree_recording": agrees})


async def by_account(world: World, host: httpx.AsyncClient, space: dict[str, object]) -> Accept:
    return lambda agrees: host.post(f"{at(space)}/seat", json={"agree_recording": agrees})


async def by_raised_hand(world: World, host: httpx.AsyncClient, space: dict[str, object]) -> Accept:
    guest = await world.person()
    hand = (await guest.post(f"{at(space)}/requests", json={"name": "Ben"})).json()
    await host.post(f"{at(space)}/requests/{hand['id']}/approve")
    path = f"{at(space)}/requests/{hand['id']}/accept"
    return lambda agrees: guest.post(path, json={"secret": hand["secret"], "agree_recording": agrees})


WAYS = (by_invitation, by_account, by_raised_hand)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("record", [True, False])
async def test_of_two_who_open_one_link_at_once_the_one_who_agrees_is_noted(
    world: World, way: Callable[..., Awaitable[Accept]], record: bool
) -> None:
    host = await world.program("ada")
    for agree in [(True, False), (False, True), (True, False, False)]:
        space = await new_space(host, record=record)
        accept = await way(world, host, space)

        answers = await asyncio.gather(*(accept(agrees) for agrees in agree))

        assert answers[agree.index(True)].status_code in {200, 201}
        assert list((await consents(world, space)).values()) == [True]
        assert {answer.status_code for answer in answers} <= {200, 201, 400, 409}


@pytest.mark.parametrize("way", WAYS)
async def test_who_comes_back_to_a_seat_and_agrees_is_noted_and_stays_so(
    world: World, way: Callable[..., Awaitable[Accept]]
) -> None:
    host = await world.program("ada")
    space = await new_space(host, record=False)
    accept = await way(world, host, space)

    noted: list[bool] = []
    for agrees in (False, True, False):
        assert (await accept(agrees)).is_success
        noted += (await consents(world, space)).values()

    assert noted == [False, True, True]


async def test_an_account_that_raised_its_hand_and_agrees_is_noted_in_the_seat_it_had(world: World) -> None:
    host, ben = await world.program("ada"), await world.program("ben")
    space = await new_space(host, record=False, speakers=["ben"])
    await ben.post(f"{at(space)}/seat", json={})
    hand = (await ben.post(f"{at(space)}/requests", json={})).json()
    await host.post(f"{at(space)}/requests/{hand['id']}/approve")

    accepted = await ben.post(f"{at(space)}/requests/{hand['id']}/accept", json=AGREED)

    assert accepted.is_success
    assert await consents(world, space) == {"ben": True}


async def bearer_of(world: World, name: str, *scopes: str) -> httpx.AsyncClient:
    services = world.control.services
    secret, _ = await services.sessions.make_token(await services.accounts.by_name(name), "program", list(scopes), 1)
    return await world.bearer(secret)


async def test_a_token_that_may_read_neither_asks_nor_takes_a_seat_nor_switches_one(world: World) -> None:
    host = await world.program("ada")
    full = await world.program("ben")
    space = await new_space(host, speakers=["ben"])
    reads = await bearer_of(world, "ben", "read")

    asked = await reads.post(f"{at(space)}/requests", json={})
    taken = await reads.post(f"{at(space)}/seat", json=AGREED)
    seat = (await full.post(f"{at(space)}/seat", json=AGREED)).json()["seat"]
    muted = await reads.post(f"{at(space)}/seats/{seat}/mute")
    left = await reads.post(f"{at(space)}/seats/{seat}/remove")

    assert [answer.status_code for answer in (asked, taken, muted, left)] == [403] * 4
    assert (await full.post(f"{at(space)}/seats/{seat}/mute")).status_code == 200
    assert (await reads.get(at(space))).status_code == 200


async def test_who_handed_a_space_over_directs_it_no_more_than_the_new_host_allows(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    mine = (await host.post(f"{at(space)}/seat", json=AGREED)).json()["seat"]
    ben = (await guest_seat(world, host, str(space["id"]), "Ben", "cohost")).json()
    assert (await host.post(f"{at(space)}/seats/{ben['seat']}/role", json={"role": "host"})).status_code == 200
    new_host = await world.bearer(ben["token"])

    as_cohost = (await host.get(at(space))).json()["you"]["role"]
    deleted = await host.delete(at(space))
    await new_host.post(f"{at(space)}/seats/{mine}/role", json={"role": "speaker"})
    live = await host.post(f"{at(space)}/live")

    assert (as_cohost, deleted.status_code, live.status_code) == ("cohost", 403, 403)
    assert (await new_host.post(f"{at(space)}/live")).status_code == 200


async def test_the_recorders_word_is_its_last_and_is_taken_once(world: World) -> None:
    host, stage = await world.program("ada"), await world.role()
    space = await new_space(host)
    for step in ("live", "end"):
        await host.post(f"{at(space)}/{step}")
    path = f"/internal/spaces/{space['id']}/replay"

    unfinished = await stage.post(path, json={"state": "preparing"})
    first = await stage.post(path, json={"state": "ready", "duration": 61.5})
    revision = world.stage.plans[str(space["id"])].revision
    again = await stage.post(path, json={"state": "ready", "duration": 61.5})

    assert (unfinished.status_code, unfinished.json()["code"]) == (400, "bad_replay")
    assert (first.status_code, again.status_code) == (204, 204)
    assert world.stage.plans[str(space["id"])].revision == revision


async def test_the_home_page_costs_one_query_a_second_and_is_never_older_than_a_change(world: World) -> None:
    host = await world.program("ada")
    spaces = []
    for number in range(3):
        spaces.append(await new_space(host, title=f"Evening {number}"))
        world.clock.advance(1.0)
    for space in spaces[:2]:
        await host.post(f"{at(space)}/seat", json=AGREED)
    for step in ("live", "end"):
        await host.post(f"{at(spaces[0])}/{step}")
    visitor = await world.person()
    queries: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        queries.extend([text] if text.startswith("SELECT") else [])

    event.listen(Engine, "before_cursor_execute", note)
    for _ in range(5):
        shown = (await visitor.get("/api/v1/spaces")).json()
    asked = len(queries)
    world.clock.advance(1.0)
    await visitor.get("/api/v1/spaces")
    later = len(queries)
    event.remove(Engine, "before_cursor_execute", note)
    await host.patch(at(spaces[1]), json={"title": "The harbour"})

    assert {kind: [space["title"] for space in found] for kind, found in shown.items()} == {
        "live": [], "scheduled": ["Evening 1", "Evening 2"], "ended": ["Evening 0"],
    }  # fmt: skip
    assert [[each["name"] for each in space["speakers"]] for space in shown["scheduled"]] == [["ada"], []]
    assert (asked, later) == (1, 2)
    assert "The harbour" in (await visitor.get("/api/v1/spaces")).text
