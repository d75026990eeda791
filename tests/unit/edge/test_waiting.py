"""Held requests end with their part, their client or their time, and are bounded."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.settling import until

from hustings.base.clock import ManualClock
from hustings.base.errors import Unavailable
from hustings.edge.waiting import WATCHED_AFTER, Gates, Outcome, Room


class Client:
    """A client that stays until told to leave."""

    def __init__(self) -> None:
        self._left = asyncio.Event()

    async def receive(self) -> Mapping[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._left.set()


async def held(gates: Gates, room: Room, numbers: list[int], client: Client) -> list[asyncio.Task[Outcome]]:
    tasks = [asyncio.create_task(gates.until(number, client.receive)) for number in numbers]
    await until(lambda: room.held == len(numbers))
    return tasks


async def test_a_part_wakes_those_who_wait_for_it_or_an_earlier_one() -> None:
    room = Room(10)
    gates, client = Gates(room, ManualClock()), Client()
    waits = await held(gates, room, [4, 5, 5, 6], client)
    gates.open(5)
    assert await asyncio.gather(*waits[:3]) == [Outcome.ARRIVED] * 3
    assert not waits[3].done()
    gates.open_all()
    assert await waits[3] is Outcome.ARRIVED
    assert room.held == 0


async def test_one_who_waits_long_and_leaves_is_forgotten() -> None:
    room = Room(10)
    gates, leaver, stayer = Gates(room, ManualClock()), Client(), Client()
    (left,) = await held(gates, room, [4], leaver)
    (stays,) = [asyncio.create_task(gates.until(4, stayer.receive))]
    await until(lambda: room.held == 2)
    gates.tick(WATCHED_AFTER)
    leaver.leave()
    assert await left is Outcome.GONE
    gates.open(4)
    assert await stays is Outcome.ARRIVED
    assert room.held == 0


async def test_a_wait_ends_after_three_target_durations() -> None:
    room, clock = Room(10), ManualClock()
    gates, client = Gates(room, clock), Client()
    (first,) = await held(gates, room, [4], client)
    clock.advance(6)
    second = asyncio.create_task(gates.until(4, client.receive))
    await until(lambda: room.held == 2)
    gates.tick(11.9)
    assert room.held == 2
    gates.tick(12.1)
    assert await first is Outcome.EXPIRED
    assert not second.done()
    gates.tick(18.1)
    assert await second is Outcome.EXPIRED


async def test_beyond_its_places_a_room_refuses_at_once() -> None:
    room = Room(2)
    gates, client = Gates(room, ManualClock()), Client()
    waits = await held(gates, room, [4, 4], client)
    with pytest.raises(Unavailable):
        await gates.until(4, client.receive)
    gates.open(4)
    await asyncio.gather(*waits)
    waits = await held(gates, room, [5], client)
    gates.open(5)
    assert await waits[0] is Outcome.ARRIVED


async def test_a_cancelled_wait_gives_its_place_back() -> None:
    room = Room(1)
    gates, client = Gates(room, ManualClock()), Client()
    (wait,) = await held(gates, room, [4], client)
    wait.cancel()
    await asyncio.gather(wait, return_exceptions=True)
    assert room.held == 0
