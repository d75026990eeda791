import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from tests.support.control import World, guest_seat, new_space

from hustings.documents.space import MAX_SEATS, Role
from hustings.store.values import AccountRole


def at(space: dict[str, Any]) -> str:
    return f"/api/v1/spaces/{space['id']}"


async def staged(world: World) -> tuple[httpx.AsyncClient, dict[str, Any], dict[str, Any]]:
    """A host on stage: the host's program, the Space, the host's seat."""
    host = await world.program("ada")
    space = await new_space(host)
    seat = await host.post(f"{at(space)}/seat", json={"agree_recording": True})
    assert seat.status_code == 201, seat.text
    return host, space, seat.json()


async def test_a_host_takes_the_seat_with_its_switch_on_and_gets_the_same_one_again(world: World) -> None:
    host, space, seat = await staged(world)

    again = (await host.post(f"{at(space)}/seat", json={})).json()

    assert (seat["role"], again["seat"]) == ("host", seat["seat"])
    (planned,) = world.stage.plans[space["id"]].seats
    assert (planned.on_air, planned.role) == (True, Role.HOST)


async def test_nobody_takes_a_seat_without_agreeing_to_be_recorded(world: World) -> None:
    host = await world.program("ada")
    space, unrecorded = await new_space(host), await new_space(host, record=False)

    refused = await host.post(f"{at(space)}/seat", json={"agree_recording": False})
    fine = await host.post(f"{at(unrecorded)}/seat", json={})

    assert (refused.status_code, refused.json()["code"]) == (400, "recording_not_agreed")
    assert fine.status_code == 201


async def test_an_account_asked_to_speak_is_listed_only_after_taking_the_seat(world: World) -> None:
    host, guest, other = await world.program("ada"), await world.program("ben"), await world.program("chi")
    space = await new_space(host, speakers=["@Ben", "ben"])

    before = (await guest.get(at(space))).json()["speakers"]
    uninvited = await other.post(f"{at(space)}/seat", json={"agree_recording": True})
    taken = await guest.post(f"{at(space)}/seat", json={"agree_recording": True})
    after = (await guest.get(at(space))).json()

    assert before == []
    assert (uninvited.status_code, uninvited.json()["code"]) == (403, "not_invited")
    assert taken.json()["role"] == "speaker"
    assert [speaker["name"] for speaker in after["speakers"]] == ["ben"]
    assert after["you"]["seat"] == taken.json()["seat"]


async def test_a_speaker_without_an_account_here_cannot_be_listed(world: World) -> None:
    host = await world.program("ada")

    answer = await host.post("/api/v1/spaces", json={"title": "x", "speakers": ["nobody"]})

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_account")
    assert (await host.get("/api/v1/spaces")).json()["scheduled"] == []


async def test_a_guest_cannot_take_the_hosts_name(world: World) -> None:
    host, space, _ = await staged(world)

    answer = await guest_seat(world, host, space["id"], "ADA")

    assert (answer.status_code, answer.json()["code"]) == (409, "name_on_stage")


async def test_the_fourteenth_is_refused_clearly_even_when_all_come_at_once(world: World) -> None:
    host, space, _ = await staged(world)

    answers = await asyncio.gather(
        *(guest_seat(world, host, space["id"], f"Guest {number}") for number in range(MAX_SEATS))
    )

    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 1
    assert (refused[0].status_code, refused[0].json()["code"]) == (409, "stage_full")
    assert refused[0].json()["error"].startswith("All 13 seats are taken.")
    assert len(world.stage.plans[space["id"]].seats) == MAX_SEATS
    producer = await guest_seat(world, host, space["id"], "Pia", "producer")
    assert producer.status_code == 201


async def test_a_raised_hand_is_answered_and_listed_only_after_saying_yes(world: World) -> None:
    host, space, _ = await staged(world)
    listener = await world.person()
    hand = (await listener.post(f"{at(space)}/requests", json={"name": "Chi"})).json()
    path = f"{at(space)}/requests/{hand['id']}"

    waiting = [each.name for each in world.stage.plans[space["id"]].hands]
    early = await listener.post(f"{path}/accept", json={"secret": hand["secret"], "agree_recording": True})
    approved = await host.post(f"{path}/approve", json={})
    unlisted = len(world.stage.plans[space["id"]].seats)
    state = (await (await world.bearer(hand["secret"])).get(path)).json()["state"]
    accepted = await listener.post(f"{path}/accept", json={"secret": hand["secret"], "agree_recording": True})
    again = await listener.post(f"{path}/accept", json={"secret": hand["secret"]})

    assert hand["state"] == "pending"
    assert waiting == ["Chi"]
    assert early.status_code == 409
    assert approved.json()["state"] == "approved"
    assert unlisted == 1
    assert state == "approved"
    assert accepted.json()["role"] == "speaker"
    assert again.json()["seat"] == accepted.json()["seat"]
    seat = world.stage.plans[space["id"]].seat(accepted.json()["seat"])
    assert seat is not None
    assert (seat.name, seat.on_air) == ("Chi", False)
    assert world.stage.plans[space["id"]].hands == ()


async def test_a_hands_secret_may_come_as_bearer_and_others_do_not_see_the_hand(world: World) -> None:
    _, space, _ = await staged(world)
    hand = (await (await world.person()).post(f"{at(space)}/requests", json={"name": "Chi"})).json()
    path = f"{at(space)}/requests/{hand['id']}"

    mine = await (await world.bearer(hand["secret"])).get(path)
    logged = await (await world.person()).get(path, params={"secret": hand["secret"]})
    guessed = await (await world.bearer("guessed")).get(path)
    none = await (await world.person()).get(path)

    assert (mine.json()["state"], guessed.status_code, none.status_code) == ("pending", 404, 404)
    assert logged.status_code == 404  # a secret in an address is one in every log on the way


@pytest.mark.parametrize("name", ["ada", "ADA", "\u0430da"])
async def test_a_hand_under_the_name_of_somebody_on_stage_is_refused_at_once(world: World, name: str) -> None:
    _, space, _ = await staged(world)
    listener = await world.person()

    refused = await listener.post(f"{at(space)}/requests", json={"name": name})
    other = await listener.post(f"{at(space)}/requests", json={"name": "Adam"})

    assert (refused.status_code, refused.json()["code"]) == (409, "name_on_stage")
    assert other.status_code == 201


async def test_a_hand_may_be_declined_or_taken_down_but_not_both(world: World) -> None:
    host, space, _ = await staged(world)
    listener = await world.person()
    one, two = [(await listener.post(f"{at(space)}/requests", json={"name": name})).json() for name in ("Chi", "Dov")]

    declined = await host.post(f"{at(space)}/requests/{one['id']}/decline")
    withdrawn = await listener.post(f"{at(space)}/requests/{two['id']}/withdraw", json={"secret": two["secret"]})
    late = await host.post(f"{at(space)}/requests/{two['id']}/approve")

    assert (declined.json()["state"], withdrawn.json()["state"]) == ("declined", "withdrawn")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert [each["state"] for each in (await host.get(f"{at(space)}/requests")).json()] == ["declined", "withdrawn"]


async def test_an_account_raises_its_hand_under_its_own_name_and_needs_no_secret(world: World) -> None:
    host, space, _ = await staged(world)
    ben = await world.program("ben")
    hand = (await ben.post(f"{at(space)}/requests", json={"name": "Somebody else"})).json()
    path = f"{at(space)}/requests/{hand['id']}"

    await host.post(f"{path}/approve")
    grant = (await ben.post(f"{path}/accept", json={"agree_recording": True})).json()

    seat = world.stage.plans[space["id"]].seat(grant["seat"])
    assert seat is not None
    assert (seat.name, seat.account) == ("ben", "ben")


async def test_raising_hands_without_end_is_slowed(world: World) -> None:
    _, space, _ = await staged(world)
    listener = await world.person(**{"x-forwarded-for": "203.0.113.9"})

    answers = [await listener.post(f"{at(space)}/requests", json={"name": f"N{n}"}) for n in range(7)]

    assert [answer.status_code for answer in answers] == [201] * 6 + [429]


def _is_held(world: World, space: dict[str, Any], grant: dict[str, Any]) -> bool:
    """Whether the stage was told that a director keeps this seat's microphone shut."""
    planned = world.stage.plans[space["id"]].seat(grant["seat"])
    assert planned is not None
    return planned.held


async def test_a_speaker_switches_their_own_microphone_but_not_against_the_host(world: World) -> None:
    host, space, _ = await staged(world)
    grant = (await guest_seat(world, host, space["id"], "Ben")).json()
    ben = await world.bearer(grant["token"])
    seat = f"{at(space)}/seats/{grant['seat']}"

    own = [(await ben.post(f"{seat}/mute", json={"on": on})).json()["muted"] for on in (True, False)]
    held = [_is_held(world, space, grant)]
    await host.post(f"{seat}/mute", json={"on": True})
    held.append(_is_held(world, space, grant))
    refused = await ben.post(f"{seat}/mute", json={"on": False})
    lifted = await host.post(f"{seat}/mute", json={"on": False})
    held.append(_is_held(world, space, grant))

    assert (own, held) == ([True, False], [False, True, False])
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert lifted.json()["muted"] is False


async def test_a_guest_is_put_on_air_by_the_host_and_only_then_switches_alone(world: World) -> None:
    host, space, _ = await staged(world)
    grant = (await guest_seat(world, host, space["id"], "Ben")).json()
    ben = await world.bearer(grant["token"])
    seat = f"{at(space)}/seats/{grant['seat']}"

    early = await ben.post(f"{seat}/air")
    planned = world.stage.plans[space["id"]].seat(grant["seat"])
    chosen = (await host.post(f"{seat}/air")).json()
    await host.post(f"{at(space)}/live")
    await world.restart()
    own = [(await ben.post(f"{seat}/air", json={"on": on})).json()["on_air"] for on in (False, True)]

    assert (early.status_code, early.json()["code"]) == (403, "not_allowed")
    assert early.json()["error"] == "The host puts you on air; then you can switch yourself off and on."
    assert planned is not None
    assert (planned.on_air, planned.aired) == (False, False)
    assert (chosen["on_air"], chosen["aired"]) == (True, True)
    assert own == [False, True]
    planned = world.stage.plans[space["id"]].seat(grant["seat"])
    assert planned is not None
    assert (planned.on_air, planned.aired) == (True, True)


async def test_who_agreed_to_speak_by_a_program_comes_with_the_switch_on_and_may_use_it(world: World) -> None:
    host, made = await world.program("ada"), await world.shell("ben", AccountRole.MEMBER, token=True)
    space = await new_space(host, speakers=["ben"])
    taken = await (await world.role()).post(
        "/internal/seats/exchange", json={"space": space["id"], "token": made.token}
    )
    assert taken.status_code == 200, taken.text
    (planned,) = world.stage.plans[space["id"]].seats
    ben = await world.bearer(str(made.token))

    own = [
        (await ben.post(f"{at(space)}/seats/{planned.id}/air", json={"on": on})).json()["on_air"]
        for on in (False, True)
    ]

    assert (planned.on_air, planned.aired, own) == (True, True, [False, True])


async def test_a_speaker_touches_nobody_elses_seat_and_no_other_space(world: World) -> None:
    host, space, seat = await staged(world)
    other_space = await new_space(host)
    ben = await world.bearer((await guest_seat(world, host, space["id"], "Ben")).json()["token"])

    for act in ("air", "mute", "remove"):
        assert (await ben.post(f"{at(space)}/seats/{seat['seat']}/{act}")).status_code == 403
    assert (await ben.post(f"{at(space)}/live")).status_code == 403
    assert (await ben.get(f"{at(space)}/seats")).status_code == 200
    assert (await ben.get(f"{at(other_space)}/seats")).status_code == 403


async def test_a_removed_guest_is_off_the_stage_and_neither_token_nor_link_brings_them_back(world: World) -> None:
    host, space, _ = await staged(world)
    made = (await host.post(f"{at(space)}/invitations", json={})).json()
    accept = f"/api/v1/invitations/{made['url'].rpartition('/')[2]}/accept"
    visitor = await world.person()
    grant = (await visitor.post(accept, json={"name": "Ben", "agree_recording": True})).json()
    ben = await world.bearer(grant["token"])
    assert (await ben.get(f"{at(space)}/seats")).status_code == 200

    removed = await host.post(f"{at(space)}/seats/{grant['seat']}/remove")

    assert removed.status_code == 200
    assert world.stage.plans[space["id"]].seat(grant["seat"]) is None
    assert (await ben.get(f"{at(space)}/seats")).status_code == 401
    assert (await visitor.post(accept, json={"name": "Ben", "agree_recording": True})).status_code == 404
    assert (await host.post(f"{at(space)}/seats/{grant['seat']}/mute")).status_code == 404


async def test_a_seat_token_of_an_older_generation_opens_nothing(world: World) -> None:
    host, space, _ = await staged(world)
    grant = (await guest_seat(world, host, space["id"], "Ben")).json()
    ben = await world.bearer(grant["token"])
    assert (await ben.get(f"{at(space)}/seats")).status_code == 200

    async with world.control.services.store.write() as work:
        seat = await work.seats.get(grant["seat"])
        assert seat is not None
        await work.seats.put(msgspec.structs.replace(seat, generation=seat.generation + 1))

    assert (await ben.get(f"{at(space)}/seats")).status_code == 401


async def test_the_host_is_never_removed(world: World) -> None:
    host, space, seat = await staged(world)
    cohost = await world.bearer((await guest_seat(world, host, space["id"], "Ben", "cohost")).json()["token"])

    answer = await cohost.post(f"{at(space)}/seats/{seat['seat']}/remove")

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_a_host_hands_the_space_over_to_a_cohost(world: World) -> None:
    host, space, seat = await staged(world)
    grant = (await guest_seat(world, host, space["id"], "Ben")).json()
    role = f"{at(space)}/seats/{grant['seat']}/role"

    too_soon = await host.post(role, json={"role": "host"})
    await host.post(role, json={"role": "cohost"})
    handed = await host.post(role, json={"role": "host"})

    assert too_soon.status_code == 403
    assert handed.json()["role"] == "host"
    plan = world.stage.plans[space["id"]]
    assert (plan.host.display_name, plan.host.account) == ("Ben", None)
    assert {each.id: each.role for each in plan.seats} == {seat["seat"]: Role.COHOST, grant["seat"]: Role.HOST}
    ben = await world.bearer(grant["token"])
    assert (await ben.post(f"{at(space)}/live")).json()["state"] == "live"


async def test_a_program_without_the_hosts_scope_speaks_and_directs_nothing(world: World) -> None:
    host, space, _ = await staged(world)
    ben = await world.program("ben")
    invited = await new_space(ben, speakers=["ada"])
    owner_session = world.control.services.sessions
    account = await world.control.services.accounts.by_name("ada")
    narrow, _ = await owner_session.make_token(account, "speaker only", ["speak"], 1)
    program = await world.bearer(narrow)

    assert (await program.post(f"{at(invited)}/seat", json={"agree_recording": True})).status_code == 201
    assert (await program.post(f"{at(space)}/live")).status_code == 403
    assert (await host.post(f"{at(space)}/live")).status_code == 200


@pytest.mark.parametrize(("token", "status"), [("hst_unknown", 401), ("nonsense", 401), ("seat.forged", 401)])
async def test_the_whip_door_is_told_when_a_token_is_nobodys(world: World, token: str, status: int) -> None:
    host = await world.program("ada")
    space = await new_space(host)

    answer = await (await world.role()).post("/internal/seats/exchange", json={"space": space["id"], "token": token})

    assert answer.status_code == status


async def test_the_whip_door_is_told_why_an_account_has_no_seat(world: World) -> None:
    host, stage = await world.program("ada"), await world.role()
    space = await new_space(host)
    other = await world.shell("ben", AccountRole.MEMBER, token=True)
    body = {"space": space["id"], "token": other.token}

    uninvited = await stage.post("/internal/seats/exchange", json=body)
    unknown = await stage.post("/internal/seats/exchange", json=body | {"space": "none"})
    await host.post(f"{at(space)}/cancel")
    over = await stage.post("/internal/seats/exchange", json=body)

    assert [answer.status_code for answer in (uninvited, unknown, over)] == [403, 404, 409]
    assert all(answer.json()["error"].endswith(".") for answer in (uninvited, unknown, over))
