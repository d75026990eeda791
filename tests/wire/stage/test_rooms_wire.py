"""Stock aiortc speakers on a whole stage: plans in by HTTP, sound in and out by WHIP, the desk beside it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
from tests.support.asgi import serving
from tests.support.doors import Door
from tests.support.hearing import Samples
from tests.support.stage import KEY, amplitude_at, make_plan, seat
from tests.support.uplink import StockSpeaker
from tests.support.whole_stage import WholeStage, whole_stage

from hustings.base.clock import SystemClock
from hustings.base.grid import SAMPLE_RATE
from hustings.documents.blocks import ProgrammeBlock, SeatPacket
from hustings.documents.space import Role, SpacePlan
from hustings.edge.proxy import COMMANDS

ONE_SECOND = 50  # blocks


def hum(hertz: float, seconds: float = 30.0) -> Samples:
    return (0.2 * np.sin(2 * np.pi * hertz * np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE)).astype(np.float32)


def live(*seats: str) -> SpacePlan:
    plan = make_plan(*(seat(name, role=Role.HOST if name == "ada" else Role.SPEAKER) for name in seats))
    return msgspec.structs.replace(plan, doors_at=SystemClock().now())


def heard(speaker: StockSpeaker, hertz: float) -> float:
    return amplitude_at(np.concatenate(speaker.heard[-ONE_SECOND:]), hertz)


@asynccontextmanager
async def talking(stage: WholeStage) -> AsyncIterator[tuple[StockSpeaker, StockSpeaker]]:
    """Ada hums 500 Hz, Ben 1,000 Hz; both have heard the other for a second."""
    assert (await stage.put(live("ada", "ben"))).status_code == 204
    async with stage.speaking("ada", hum(500.0)) as ada, stage.speaking("ben", hum(1000.0)) as ben:
        await stage.until(lambda: len(ada.heard) > ONE_SECOND and heard(ada, 1000.0) > 0.12)
        await stage.until(lambda: len(ben.heard) > ONE_SECOND and heard(ben, 500.0) > 0.12)
        yield ada, ben


async def test_two_stock_speakers_hear_each_other_and_not_themselves(tmp_path: Path) -> None:
    async with whole_stage(tmp_path) as stage, talking(stage) as (ada, ben):
        assert heard(ada, 500.0) < 0.01 * heard(ada, 1000.0)
        assert heard(ben, 1000.0) < 0.01 * heard(ben, 500.0)
        items = [stage.out.recorder._items.popleft() for _ in range(len(stage.out.recorder))]
        programme = [item.samples for item in items if isinstance(item, ProgrammeBlock)][-ONE_SECOND:]
        assert amplitude_at(np.concatenate(programme), 500.0) > 0.12
        assert amplitude_at(np.concatenate(programme), 1000.0) > 0.12
        assert {item.seat for item in items if isinstance(item, SeatPacket)} == {"ada", "ben"}


async def test_the_desk_tells_who_speaks_and_a_removed_seat_is_put_out(tmp_path: Path) -> None:
    async with whole_stage(tmp_path) as stage, talking(stage) as (ada, ben), aclosing(stage.desk("ben")) as events:
        event = await anext(events)
        while not all(s["speaking"] for s in event["seats"]):
            event = await anext(events)
        assert [s["connected"] for s in event["seats"]] == ["connected", "connected"]
        assert event["you"] == "ben"
        only_ada = msgspec.structs.replace(live("ada"), revision=2)
        assert (await stage.put(only_ada)).status_code == 204
        while not event.get("removed"):
            event = await anext(events)
        await stage.until(lambda: ben.pc.connectionState == "closed")
        assert ada.pc.connectionState == "connected"
        await stage.until(lambda: heard(ada, 1000.0) < 0.01)
        refused = await stage.speaker("ben").post("v=0")
        assert refused.status_code == 403
        assert refused.json()["code"] == "not_seated"


async def test_a_second_uplink_is_heard_within_a_second_of_the_first_ones_last_packet(tmp_path: Path) -> None:
    async with whole_stage(tmp_path) as stage:
        assert (await stage.put(live("ada", "ben"))).status_code == 204
        async with (
            stage.speaking("ada", hum(500.0)) as first,
            stage.speaking("ada", hum(1500.0), second=True) as second,
            stage.speaking("ben", np.zeros(SAMPLE_RATE, np.float32)) as ben,
        ):
            await stage.until(lambda: len(second.heard) > ONE_SECOND)
            await stage.until(lambda: heard(ben, 500.0) > 0.12)
            first.pc.getSenders()[0].replaceTrack(None)
            await stage.until(lambda: heard(ben, 1500.0) > 0.12)
        items = [stage.out.broadcast._items.popleft() for _ in range(len(stage.out.broadcast))]
        programme = [item.samples for item in items if isinstance(item, ProgrammeBlock)]
        last = max(n for n, block in enumerate(programme) if amplitude_at(block, 500.0) > 0.1)
        next_heard = min(n for n, block in enumerate(programme) if amplitude_at(block, 1500.0) > 0.1)
        assert 0 < next_heard - last < ONE_SECOND


async def test_an_unknown_uplink_is_refused(tmp_path: Path) -> None:
    async with whole_stage(tmp_path) as stage:
        assert (await stage.put(live("ada"))).status_code == 204
        headers = {"Authorization": f"Bearer {stage.token('ada')}", "Content-Type": "application/sdp"}
        answer = await stage.http.post(f"{stage.whip}?uplink=third", content="v=0", headers=headers)
        assert answer.status_code == 400
        assert "first or second" in answer.json()["error"]


async def test_a_producer_talks_into_one_ear_and_dumps_through_the_front_door(tmp_path: Path) -> None:
    plan = msgspec.structs.replace(live("ada", "ben"), delay=5.0)
    producer = seat("pat", role=Role.PRODUCER, on_air=False)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(whole_stage(tmp_path))
        door = Door(COMMANDS, stage.base)
        stack.push_async_callback(door.upstream.close)
        desk = f"{await stack.enter_async_context(serving(door))}/api/v1/spaces/space1/desk"
        headers = {"Authorization": f"Bearer {stage.token('pat')}"}
        assert (await stage.put(msgspec.structs.replace(plan, seats=(*plan.seats, producer)))).status_code == 204
        ben = await stack.enter_async_context(stage.speaking("ben", hum(1000.0)))
        pat = await stack.enter_async_context(stage.speaking("pat", hum(1500.0)))
        await stage.until(lambda: len(pat.heard) > ONE_SECOND and heard(pat, 1000.0) > 0.12)
        assert heard(ben, 1500.0) < 0.01

        pressed = await stage.http.post(f"{desk}/talkback", json={"on": True, "to": ["ben"]}, headers=headers)
        await stage.until(lambda: heard(ben, 1500.0) > 0.05)
        let_go = await stage.http.post(f"{desk}/talkback", json={"on": False}, headers=headers)
        dumped = await stage.http.post(f"{desk}/dump", json={}, headers=headers)

        assert (pressed.json(), let_go.json()) == ({"on": True}, {"on": False})
        assert (dumped.status_code, dumped.json()["seconds"] > 1.0) == (200, True)
        refused = {"Authorization": f"Bearer {stage.token('ben')}"}
        assert (await stage.http.post(f"{desk}/dump", json={}, headers=refused)).status_code == 403


async def test_plans_need_the_cluster_key_and_the_desk_a_seat(tmp_path: Path) -> None:
    async with whole_stage(tmp_path) as stage:
        assert (await stage.put(live("ada"), key="wrong")).status_code == 401
        assert (await stage.put(live("ada"))).status_code == 204
        key = {"Authorization": f"Bearer {KEY}"}
        epoch = await stage.http.get(f"{stage.base}/internal/epoch", headers=key)
        assert epoch.json() == {"epoch": "epoch1"}
        assert (await stage.http.get(f"{stage.base}/internal/epoch")).status_code == 401
        broken = await stage.http.put(f"{stage.base}/internal/spaces/space1", content=b"{}", headers=key)
        assert broken.status_code == 400
        other = await stage.http.put(
            f"{stage.base}/internal/spaces/space2", content=msgspec.json.encode(live("ada")), headers=key
        )
        assert other.status_code == 400
        desk = f"{stage.base}/api/v1/spaces/space1/desk"
        assert (await stage.http.get(desk)).status_code == 401
        assert (await stage.http.get(desk, headers={"Authorization": "Bearer seat.nonsense"})).status_code == 401
        assert (await stage.http.delete(f"{stage.base}/internal/spaces/space1", headers=key)).status_code == 204
        gone = await stage.http.get(desk, headers={"Authorization": f"Bearer {stage.token('ada')}"})
        assert gone.status_code == 404
        assert set(gone.json()) == {"error", "code"}
