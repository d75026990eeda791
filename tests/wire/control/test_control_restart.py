import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.control import PASSWORD, World, guest_seat, new_space

from hustings.documents.space import SpaceState

STEPS: dict[str, tuple[str, ...]] = {
    "scheduled": (),
    "doors": ("doors",),
    "live": ("doors", "live"),
    "ended": ("live", "end"),
    "cancelled": ("cancel",),
}


@contextlib.asynccontextmanager
async def linked(world: World) -> AsyncIterator[None]:
    """Control's link to the stage runs, and has looked once."""
    task = asyncio.create_task(world.control.run())
    try:
        await settled(world)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def settled(world: World) -> None:
    """The link has looked at the stage once more, from now."""
    looks = world.stage.looks
    async with asyncio.timeout(5):
        while world.stage.looks < looks + 2:
            world.clock.advance(1.0)
            await world.stage.looked.wait()
            world.stage.looked.clear()


@pytest.mark.parametrize("state", list(STEPS))
async def test_after_a_restart_a_space_is_in_the_state_it_was_in(world: World, state: str) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    grant = (await guest_seat(world, host, space["id"], "Ben")).json()
    for step in STEPS[state]:
        await host.post(f"/api/v1/spaces/{space['id']}/{step}")
    before = (await host.get(f"/api/v1/spaces/{space['id']}")).json()

    await world.restart()

    assert (await host.get(f"/api/v1/spaces/{space['id']}")).json() == before
    assert before["state"] == state
    guest = await world.bearer(grant["token"])
    assert (await guest.get(f"/api/v1/spaces/{space['id']}/seats")).status_code == 200


async def test_who_was_signed_in_still_is_after_a_restart(world: World) -> None:
    browser = await world.owner()

    await world.restart()

    assert (await browser.get("/api/v1/me")).json()["account"]["name"] == "ada"
    fresh = await world.person()
    assert (await fresh.post("/api/v1/sessions", json={"name": "ada", "password": PASSWORD})).status_code == 201


async def test_a_stage_that_is_away_delays_no_answer_and_is_told_later(world: World) -> None:
    host = await world.program("ada")
    world.stage.away = True
    space = await new_space(host)
    live = await host.post(f"/api/v1/spaces/{space['id']}/live")
    assert live.json()["state"] == "live"
    assert world.stage.plans == {}

    world.stage.away = False
    async with linked(world):
        assert world.stage.plans[space["id"]].state is SpaceState.LIVE


async def test_a_stage_that_takes_calls_and_never_answers_delays_an_answer_by_a_second_at_most(world: World) -> None:
    host = await world.program("ada")
    world.stage.answers.clear()
    began = asyncio.get_running_loop().time()

    space = await new_space(host)

    assert 0.9 < asyncio.get_running_loop().time() - began < 3.0
    world.stage.answers.set()
    async with linked(world):
        assert space["id"] in world.stage.plans


async def test_a_stage_that_lost_its_memory_is_told_everything_again(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    async with linked(world):
        count = world.stage.put_count
        await settled(world)
        assert world.stage.put_count == count  # nothing new, nothing told

        world.stage.plans.clear()
        world.stage.epoch = "second"
        await settled(world)

        assert space["id"] in world.stage.plans


async def test_an_end_that_the_stage_did_not_hear_reaches_it_through_a_restart_of_control(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    await host.post(f"/api/v1/spaces/{space['id']}/live")
    world.stage.away = True
    await host.post(f"/api/v1/spaces/{space['id']}/end")
    await world.restart()
    world.stage.away = False

    async with linked(world):
        assert world.stage.plans[space["id"]].state is SpaceState.ENDED

    count = world.stage.put_count
    await world.restart()
    async with linked(world):
        assert world.stage.put_count == count


async def test_a_deletion_that_the_stage_did_not_hear_reaches_it_later(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)
    world.stage.away = True
    await host.delete(f"/api/v1/spaces/{space['id']}")
    assert (await host.get(f"/api/v1/spaces/{space['id']}")).status_code == 404
    await world.restart()
    world.stage.away = False

    async with linked(world):
        assert world.stage.deleted == [space["id"]]


async def test_one_plan_that_the_stage_refuses_does_not_hold_up_the_others(world: World) -> None:
    host = await world.program("ada")
    world.stage.away = True
    spaces = [await new_space(host) for _ in range(3)]
    world.stage.away = False
    world.stage.refused = {spaces[0]["id"]}

    async with linked(world):
        assert set(world.stage.plans) == {space["id"] for space in spaces[1:]}
        world.stage.refused = set()
        await settled(world)

    assert set(world.stage.plans) == {space["id"] for space in spaces}


async def sample(world: World) -> Any:
    return await (await world.role()).post("/internal/sample")


async def test_the_sample_is_made_once_with_two_voices_on_air(world: World) -> None:
    first, again = (await sample(world)).json(), (await sample(world)).json()

    assert first["space"] == again["space"]
    assert first["whip"] == f"http://localhost:8123/api/v1/spaces/{first['space']}/whip"
    assert [seat["name"] for seat in first["seats"]] == ["Sample host", "Sample guest"]
    plan = world.stage.plans[first["space"]]
    assert plan.sample
    assert [seat.on_air for seat in plan.seats] == [True, True]
    host = await world.bearer(first["seats"][0]["token"])
    assert (await host.post(f"/api/v1/spaces/{first['space']}/doors")).json()["state"] == "doors"
    assert (await host.post(f"/api/v1/spaces/{first['space']}/live")).json()["state"] == "live"


async def test_without_an_owner_the_first_visitor_may_delete_the_sample_and_nothing_else(
    world: World,
) -> None:
    made = (await sample(world)).json()
    space = f"/api/v1/spaces/{made['space']}"
    visitor = await world.person()

    assert (await visitor.get(space)).json()["you"] == {"seat": None, "role": None, "can": ["delete"]}
    assert (await visitor.post(f"{space}/end")).status_code == 401
    assert (await visitor.delete(space)).status_code == 204


async def test_with_an_owner_only_who_runs_the_town_deletes_the_sample(world: World) -> None:
    made = (await sample(world)).json()
    space = f"/api/v1/spaces/{made['space']}"
    owner, visitor = await world.owner(), await world.person()

    assert (await visitor.delete(space)).status_code == 401
    assert (await owner.delete(space)).status_code == 204


@pytest.mark.parametrize("goodbye", ["delete", "end"])
async def test_a_sample_that_was_deleted_or_ended_never_comes_back(world: World, goodbye: str) -> None:
    made = (await sample(world)).json()
    owner = await world.owner()
    space = f"/api/v1/spaces/{made['space']}"
    if goodbye == "delete":
        await owner.delete(space)
    else:
        await owner.post(f"{space}/live")
        await owner.post(f"{space}/end")
    await world.restart()

    gone = await sample(world)

    assert (gone.status_code, gone.json()["code"]) == (404, "sample_gone")
