"""Requests held until a part of one rendition is there: one condition per part, bounded, never polling.

The attack it stops: thousands of held requests that cost memory until the process dies. Beyond the limit a
request is refused at once, and what is held ends after MAX_WAIT. Whether its client is still there is asked of
those only who wait longer than a part takes: to watch all of them would double what a held request costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any
from weakref import WeakSet

from hustings.base.clock import Clock
from hustings.base.errors import Unavailable
from hustings.hls.blocking import MAX_WAIT

WATCHED_AFTER = 2.0  # seconds: two parts; whoever waits longer is watched, and forgotten when it leaves

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Outcome(Enum):
    ARRIVED = "arrived"
    EXPIRED = "expired"
    GONE = "gone"  # the client left
    LEAVING = "leaving"  # this edge goes away


class Leaving(Unavailable):
    """This edge is being stopped: what stands in front of it asks another one, as for every 502."""

    code = "leaving"
    status = 502

    def __init__(self) -> None:
        super().__init__("This server is being restarted. Your player will try again by itself.")


class Room:
    """How many requests the whole edge holds. Refuses with Unavailable when full, with Leaving once closed."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._gates: WeakSet[Gates] = WeakSet()
        self._closed = False
        self.held = 0

    def add(self, gates: "Gates") -> None:
        self._gates.add(gates)

    def close(self) -> None:
        """Let everybody go at once; nobody is held from now on."""
        self._closed = True
        for gates in self._gates:
            gates.release()

    def enter(self) -> None:
        if self._closed:
            raise Leaving
        if self.held >= self._places:
            raise Unavailable("This server holds as many listeners as it can. Try again in a moment.", retry_after=1)
        self.held += 1

    def leave(self) -> None:
        self.held -= 1


@dataclass(eq=False, slots=True)
class _Held:
    """One held request: since when, and who watches whether its client leaves."""

    receive: Receive
    since: float
    watcher: asyncio.Future[None] | None = None


class Gates:
    """The held requests of one rendition, by the part they wait for."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self._room = room
        self._clock = clock
        self._waiting: dict[int, dict[asyncio.Future[Outcome], _Held]] = {}
        room.add(self)

    async def until(self, number: int, receive: Receive) -> Outcome:
        """Hold until part `number` is published, the client leaves, MAX_WAIT passes or the edge goes away."""
        self._room.enter()
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        gate = self._waiting.setdefault(number, {})
        held = gate[future] = _Held(receive, self._clock.monotonic())
        try:
            return await future
        finally:
            gate.pop(future, None)
            if not gate and self._waiting.get(number) is gate:
                del self._waiting[number]
            self._room.leave()
            if held.watcher is not None:
                held.watcher.cancel()
                await asyncio.gather(held.watcher, return_exceptions=True)

    def open(self, number: int) -> None:
        """Part `number` is there: wake those who wait for it or for an earlier one."""
        for reached in [waited for waited in self._waiting if waited <= number]:
            self._wake(self._waiting.pop(reached), Outcome.ARRIVED)

    def open_all(self) -> None:
        """The programme has ended or begun anew: everybody asks again."""
        for gate in list(self._waiting.values()):
            self._wake(gate, Outcome.ARRIVED)

    def release(self) -> None:
        """The edge goes away."""
        for gate in list(self._waiting.values()):
            self._wake(gate, Outcome.LEAVING)

    def tick(self, now: float) -> None:
        """End those whose time is over, watch those who wait long; entries are in order of arrival."""
        for gate in self._waiting.values():
            for future, held in gate.items():
                if now < held.since + WATCHED_AFTER:
                    break
                if now >= held.since + MAX_WAIT:
                    _resolve(future, Outcome.EXPIRED)
                elif held.watcher is None:
                    held.watcher = asyncio.ensure_future(_left(held.receive))
                    held.watcher.add_done_callback(partial(_gone, future))

    @staticmethod
    def _wake(gate: Mapping[asyncio.Future[Outcome], _Held], outcome: Outcome) -> None:
        for future in gate:
            _resolve(future, outcome)


def _resolve(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)


def _gone(future: asyncio.Future[Outcome], _: object) -> None:
    _resolve(future, Outcome.GONE)


async def _left(receive: Receive) -> None:
    """Ends when the client has gone; a body it sends is of no interest."""
    while (await receive())["type"] != "http.disconnect":
        pass
