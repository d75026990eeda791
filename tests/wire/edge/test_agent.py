"""The edge dials its stage again whatever it does, and what it holds survives that."""

from starlette.responses import Response, StreamingResponse
from tests.support import playlist_rules as rules
from tests.support.settling import until
from tests.wire.edge.conftest import SPACE, Control, Edge, Stage, plan

from hustings.documents.feed import Hello, encode_frame
from hustings.documents.space import SpaceState


async def test_a_cut_connection_is_dialled_again_without_a_listener_noticing(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]]
) -> None:
    stage.open(holds=holds)
    stage.say(range(9))
    await edge.has(8)
    before = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    stage.hub.close()
    await edge.is_connected(False)
    stage.say([9])
    await edge.redials()
    await edge.has(9)
    after = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    assert "p9-first" in after
    assert rules.check_succession(before, after) == []


async def test_a_restarted_stage_goes_on_under_its_own_names(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]]
) -> None:
    stage.open(holds=holds)
    stage.say(range(9))
    await edge.has(8)
    before = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    stage.lose()
    await edge.is_connected(False)
    stage.restart("second")
    await edge.redials()
    stage.open(holds=holds)
    resumes = edge.next_number() + 2  # two parts were never spoken
    stage.say([resumes])
    await edge.has(resumes)
    text = (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
    names = [part["URI"].rsplit("/", 1)[1] for entry in rules.parse(text).entries for part in entry.parts]
    assert names[-1] == f"p{resumes}-second.m4s"
    assert names[-2].startswith(f"p{resumes - 1}-h")
    assert rules.check(text) == []
    assert rules.check_succession(before, text) == []


async def test_a_feed_that_is_none_is_left_and_dialled_again(edge: Edge, stage: Stage) -> None:
    broken, whole = stage.hub, stage.routes

    async def garbage(scope: object, receive: object, send: object) -> None:
        body = encode_frame(Hello("x")) + b"\xff\xff\xff\xff"
        await StreamingResponse(iter([body]))(scope, receive, send)  # type: ignore[arg-type]

    stage.routes = garbage
    broken.close()
    await edge.is_connected(False)
    stage.routes = whole
    await edge.redials()
    stage.open()
    stage.say(range(4))
    await edge.has(3)


async def test_a_stage_that_refuses_is_asked_again(edge: Edge, stage: Stage) -> None:
    refusals = 0
    whole = stage.routes

    async def refuses(scope: object, receive: object, send: object) -> None:
        nonlocal refusals
        refusals += 1
        await Response(status_code=500)(scope, receive, send)  # type: ignore[arg-type]

    stage.routes = refuses
    stage.hub.close()
    await until(lambda: refusals >= 3, each_turn=lambda: edge.clock.advance(0.01))
    assert not edge.role.agent.connected
    stage.routes = whole
    await edge.redials()


async def test_a_space_control_has_ended_is_not_held_open_for_a_lost_stage(
    edge: Edge, stage: Stage, control: Control, holds: dict[str, list[bytes]]
) -> None:
    stage.open(holds=holds)
    stage.say(range(9))
    await edge.has(8)
    stage.lose()
    await edge.is_connected(False)
    control.plans[SPACE] = plan(SpaceState.ENDED, revision=2)
    live = edge.role.spaces.get(SPACE)
    assert live is not None
    window = live.renditions["aac64"].window
    await until(lambda: window.ended, each_turn=lambda: edge.clock.advance(0.01))
    assert (await edge.client.get(edge.path("live.json"))).json()["state"] == "ended"
    assert "#EXT-X-ENDLIST" in (await edge.client.get(edge.path("live/aac64/ll.m3u8"))).text
