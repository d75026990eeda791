from tests.support.control import World, guest_seat, new_space

from hustings.documents.space import Role, SpaceState


async def test_a_program_makes_a_space_goes_live_and_takes_the_hosts_seat_at_the_whip_door(world: World) -> None:
    program = await world.program("ada")
    token = program.headers["authorization"].removeprefix("Bearer ")
    stage = await world.role()

    space = await new_space(program)
    live = await program.post(f"/api/v1/spaces/{space['id']}/live")
    exchanged = await stage.post("/internal/seats/exchange", json={"space": space["id"], "token": token})

    assert space["state"] == "scheduled"
    assert space["url"] == f"http://town.test/spaces/{space['id']}"
    assert live.json()["state"] == "live"
    assert exchanged.status_code == 200
    plan = world.stage.plans[space["id"]]
    assert plan.state is SpaceState.LIVE
    assert plan.doors_at == plan.live_at == world.clock.now()
    (seat,) = plan.seats
    assert (seat.role, seat.on_air, seat.account) == (Role.HOST, True, "ada")
    claim = world.control.services.floor.tokens.open(exchanged.json()["seat_token"])
    assert (claim.seat, claim.generation) == (seat.id, seat.generation)


async def test_a_guest_with_a_link_gets_a_seat_that_the_stage_knows_at_once(world: World) -> None:
    host = await world.program("ada")
    space = await new_space(host)

    seat = await guest_seat(world, host, space["id"], "Ben")

    assert seat.status_code == 201
    assert seat.json()["whip"] == f"http://town.test/api/v1/spaces/{space['id']}/whip"
    assert [each.name for each in world.stage.plans[space["id"]].seats] == ["Ben"]
