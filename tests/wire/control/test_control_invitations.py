"""A link gives one seat, until it is withdrawn or has expired."""

from datetime import datetime
from typing import Any

import pytest
from tests.support.control import World, new_space

DAY = 86400


def at(space: dict[str, Any]) -> str:
    return f"/api/v1/spaces/{space['id']}"


async def test_an_invitation_shows_who_asks_for_what_and_gives_one_seat(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    made = (await host.post(f"{at(space)}/invitations", json={"name": "Ben", "role": "cohost"})).json()
    secret = made["url"].rpartition("/")[2]
    guest = await world.person()

    card = (await guest.get(f"/api/v1/invitations/{secret}")).json()
    first = (await guest.post(f"/api/v1/invitations/{secret}/accept", json={"agree_recording": True})).json()
    again = (await guest.post(f"/api/v1/invitations/{secret}/accept", json={"agree_recording": True})).json()
    listed = (await host.get(f"{at(space)}/invitations")).json()

    assert (card["space"]["id"], card["role"], card["name"], card["from"]) == (space["id"], "cohost", "Ben", "ada")
    assert (first["space"], first["role"]) == (space["id"], "cohost")
    assert first["seat"] == again["seat"]
    assert [seat.name for seat in world.stage.plans[space["id"]].seats] == ["Ben"]
    assert (listed[0]["accepted"], listed[0]["seat"]) == (True, first["seat"])
    assert secret not in str(listed)


async def test_an_invitation_opened_once_more_elsewhere_names_whoever_accepted_it(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    made = (await host.post(f"{at(space)}/invitations", json={"name": "Ben"})).json()
    link = f"/api/v1/invitations/{made['url'].rpartition('/')[2]}"
    guest, elsewhere = await world.person(), await world.person()

    before = (await elsewhere.get(link)).json()
    await guest.post(f"{link}/accept", json={"name": "Benedikt", "agree_recording": True})
    after = (await elsewhere.get(link)).json()

    assert (before["name"], before["accepted"]) == ("Ben", False)
    assert (after["name"], after["accepted"]) == ("Benedikt", True)


async def test_an_invitation_that_was_withdrawn_opens_nothing(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    made = (await host.post(f"{at(space)}/invitations", json={})).json()
    secret = made["url"].rpartition("/")[2]

    assert (await host.delete(f"{at(space)}/invitations/{made['id']}")).status_code == 204

    guest = await world.person()
    assert (await guest.get(f"/api/v1/invitations/{secret}")).status_code == 404
    accepted = await guest.post(f"/api/v1/invitations/{secret}/accept", json={"name": "Ben", "agree_recording": True})
    assert (accepted.status_code, accepted.json()["code"]) == (404, "no_such_invitation")
    assert (await host.delete(f"{at(space)}/invitations/{made['id']}")).status_code == 404


async def opens(world: World, secret: str) -> tuple[int, str]:
    """What the link answers at its page, which is what it answers to who accepts."""
    guest = await world.person()
    looked = await guest.get(f"/api/v1/invitations/{secret}")
    accepted = await guest.post(f"/api/v1/invitations/{secret}/accept", json={"name": "Ben", "agree_recording": True})
    assert looked.is_success == accepted.is_success
    return looked.status_code, accepted.json().get("code", "")


async def test_an_invitation_works_for_thirty_days_and_then_says_that_it_expired(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    made = (await host.post(f"{at(space)}/invitations", json={})).json()
    secret = made["url"].rpartition("/")[2]
    ends = world.clock.now() + 30 * DAY

    listed = (await host.get(f"{at(space)}/invitations")).json()
    world.clock.advance(30 * DAY - 1)
    before = await opens(world, secret)
    world.clock.advance(1)

    assert datetime.fromisoformat(made["expires_at"]).timestamp() == pytest.approx(ends, abs=0.001)
    assert listed[0]["expires_at"] == made["expires_at"]
    assert before == (200, "")
    assert await opens(world, secret) == (404, "invitation_expired")


async def test_an_invitation_works_until_a_day_after_the_start_wherever_that_is_moved(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host, starts_at=world.clock.now() + 40 * DAY)
    made = (await host.post(f"{at(space)}/invitations", json={})).json()
    secret = made["url"].rpartition("/")[2]
    moved = await host.patch(at(space), json={"starts_at": world.clock.now() + 50 * DAY})
    assert moved.is_success

    world.clock.advance(51 * DAY - 1)
    before = await opens(world, secret)
    world.clock.advance(1)

    assert before == (200, "")
    assert await opens(world, secret) == (404, "invitation_expired")


async def test_a_place_kept_for_an_account_does_not_expire(world: World) -> None:
    host, ben = await world.program("ada"), await world.program("ben")
    space = await new_space(host, speakers=["ben"])
    kept = (await host.get(f"{at(space)}/invitations")).json()

    world.clock.advance(31 * DAY)

    assert [each["expires_at"] for each in kept] == [None]
    assert (await ben.post(f"{at(space)}/seat", json={"agree_recording": True})).status_code == 201
