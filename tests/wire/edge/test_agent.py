"""The edge dials its stage again whatever it does, and what it holds survives that."""

import asyncio
from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse
from structlog.testing import capture_logs
from tests.support import playlist_rules as rules
from tests.support.asgi import serving
from tests.support.settling import until
from tests.wire.edge.conftest import KEY, SPACE, Control, Edge, Stage, plan

from hustings.base.clock import ManualClock
from hustings.documents.feed import Frame, Hello, Hold, Init, Part, Plan, Programme, encode_frame
from hustings.documents.space import SpaceState
from hustings.edge.agent import STARTING
from hustings.edge.role import EdgeRole


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
    edge.clock.advance(0.2)  # the longest first pause is 0.15 s
    await edge.is_connected()
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


class Refusing:
    """A stage that lets nobody in yet, and counts who tries."""

    def __init__(self) -> None:
        self.dialled = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.dialled += 1
            await Response(status_code=503)(scope, receive, send)


async def test_a_loss_of_the_stage_is_told_once_and_so_is_its_return(edge: Edge, stage: Stage) -> None:
    whole, refusing = stage.routes, Refusing()
    with capture_logs() as logged:
        stage.routes = refusing
        stage.hub.close()
        await until(lambda: refusing.dialled >= 4, each_turn=lambda: edge.clock.advance(0.01))
        stage.routes = whole
        await edge.redials()

    assert [line["event"] for line in logged] == ["feed lost", "stage answers again"]


@pytest.mark.parametrize(("passed", "told"), [(STARTING / 2, []), (STARTING * 2, ["feed lost"])])
async def test_a_stage_that_starts_is_waited_for_in_silence_but_not_for_ever(passed: float, told: list[str]) -> None:
    clock, refusing = ManualClock(), Refusing()
    async with serving(refusing) as url:
        role = EdgeRole(stage_url=url, control_url=url, cluster_key=KEY, clock=clock, site=None)
        clock.advance(passed)
        with capture_logs() as logged:
            running = asyncio.create_task(role.run())
            await until(lambda: refusing.dialled >= 3, each_turn=lambda: clock.advance(0.001))
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    assert [line["event"] for line in logged] == told


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


class Faucet:
    """A feed over a bare socket: what it writes is in the reader's kernel when `pour` returns."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
        self._writers.append(writer)

    def pour(self, *frames: Frame) -> None:
        for writer in self._writers:
            writer.write(b"".join(map(encode_frame, frames)))

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            await writer.wait_closed()


def next_number(role: EdgeRole) -> int:
    live = role.spaces.get(SPACE)
    return 0 if live is None or not live.renditions else live.renditions["aac64"].window.next_number or 0


def part(number: int) -> Part:
    return Part(SPACE, "aac64", "real", number, Programme.CONVERSATION, b"%d" % number)


async def test_a_process_that_was_held_up_reads_its_feed_before_it_calls_a_part_lost(
    holds: dict[str, list[bytes]],
) -> None:
    faucet, clock = Faucet(), ManualClock()
    server = await asyncio.start_server(faucet.greet, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    role = EdgeRole(stage_url=url, control_url=url, cluster_key=KEY, clock=clock, site=None)
    running = asyncio.create_task(role.run())
    await until(lambda: role.agent.connected)
    loop = holds["aac64"]
    held = [Hold(SPACE, "aac64", index, len(loop), data) for index, data in enumerate(loop)]
    faucet.pour(Plan(plan()), Init(SPACE, "aac64", b"init"), *held, *map(part, range(4)))
    await until(lambda: next_number(role) == 4)
    faucet.pour(*map(part, range(4, 8)))
    clock.advance(4.0)
    await until(lambda: next_number(role) >= 8)
    live = role.spaces.get(SPACE)
    assert live is not None
    assert live.renditions["aac64"].window.segments[-1].name == "s1-real.m4s"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await faucet.close()
    server.close()
    await server.wait_closed()


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
