"""The beat of the stage: 20 ms ticks on the monotonic clock, without drift.

A late tick is made up for at once, so that no sound is lost to a busy moment; after a whole second the machine
stood still, and what was not said then is left out of the timeline instead of hurrying after it for ever.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from hustings.base.clock import Clock
from hustings.base.grid import TICK_SECONDS

log = structlog.get_logger(__name__)

MOST_LATE = 50  # ticks: 1 s
REMEMBERED = 3000  # ticks: a minute


class Ticking(Protocol):
    def tick(self) -> None: ...
    def skip(self, ticks: int) -> None: ...


class Mixer:
    """Ticks `rooms` until cancelled, having let `fetch` bring what speakers sent. Between two ticks the loop always
    gets its turn.
    """

    def __init__(self, rooms: Ticking, clock: Clock, fetch: Callable[[], None] = lambda: None) -> None:
        self._rooms = rooms
        self._fetch = fetch
        self._clock = clock
        self.skipped = 0  # ticks
        self.late: deque[float] = deque(maxlen=REMEMBERED)  # seconds, of each of the last ticks

    async def run(self) -> None:
        start = self._clock.monotonic()
        done = 0  # ticks since start, made or skipped
        while True:
            await self._clock.sleep_until(start + (done + 1) * TICK_SECONDS)
            since = self._clock.monotonic() - start
            self.late.append(since - (done + 1) * TICK_SECONDS)
            late = int(since / TICK_SECONDS) - (done + 1)
            if late > MOST_LATE:
                self._skip(late)
                done += late
            self._fetch()
            self._rooms.tick()
            done += 1

    def _skip(self, ticks: int) -> None:
        self.skipped += ticks
        log.warning("stage stood still", seconds=round(ticks * TICK_SECONDS, 2))
        self._rooms.skip(ticks)
