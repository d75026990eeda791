"""Dials a stage's feed and keeps on dialling; lets time pass for the windows whether or not the stage answers.

While the stage is lost, control is asked now and then which Spaces it has ended. Never serves a request.
"""

import asyncio

import httpx
import structlog

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.errors import HustingsError
from hustings.documents.feed import FeedBroken, FrameReader
from hustings.edge.live import Spaces
from hustings.edge.plans import PlanBook

log = structlog.get_logger(__name__)

TICK = 0.1  # seconds between two looks at what is overdue
HELD_UP = 0.2  # seconds by which a look may be late before the feed is read first
TURNS = 40  # of the event loop, enough to read some seconds of a feed
SILENCE = 15.0  # seconds without a byte after which a feed is dialled anew
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.5  # seconds between two attempts to dial: a stage is back in a few seconds
STARTING = 10.0  # seconds a stage may need to answer for the first time
ASK_CONTROL = 2.0  # seconds between two questions to control while the stage is lost


class EdgeAgent:
    """`run()` until cancelled. `connected` says whether the feed is flowing."""

    def __init__(self, *, stage_url: str, cluster_key: str, clock: Clock, spaces: Spaces, plans: PlanBook) -> None:
        self._url = f"{stage_url}/internal/feed"
        self._headers = {"Authorization": f"Bearer {cluster_key}"}
        self._clock = clock
        self._spaces = spaces
        self._plans = plans
        self.connected = False
        self._began = clock.monotonic()
        self._told_of_loss = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dial_for_ever(), name="edge dials the stage")
            group.create_task(self._tick_for_ever(), name="edge fills the grid")
            group.create_task(self._ask_for_ever(), name="edge asks control while the stage is lost")

    async def _dial_for_ever(self) -> None:
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        timeout = httpx.Timeout(5.0, read=SILENCE)
        async with httpx.AsyncClient(timeout=timeout, headers=self._headers, trust_env=False) as client:
            while True:
                try:
                    await self._follow(client, backoff)
                    self._lost("ended")
                except (httpx.HTTPError, FeedBroken) as error:
                    self._lost(type(error).__name__)
                await self._clock.sleep_until(self._clock.monotonic() + backoff.next())

    async def _follow(self, client: httpx.AsyncClient, backoff: Backoff) -> None:
        async with client.stream("GET", self._url) as response:
            response.raise_for_status()
            self._found()
            reader = FrameReader()
            async for data in response.aiter_raw():
                for frame in reader.feed(data):
                    self._spaces.take(frame)
                    backoff.reset()

    def _found(self) -> None:
        self.connected = True
        if self._told_of_loss:
            log.info("stage answers again")
        self._told_of_loss = False

    def _lost(self, kind: str) -> None:
        """Tell of each loss once; a stage that starts together with this edge is not lost."""
        late = self._clock.monotonic() - self._began > STARTING
        if self.connected or (late and not self._told_of_loss):
            log.warning("feed lost", kind=kind)
            self._told_of_loss = True
        self.connected = False

    async def _tick_for_ever(self) -> None:
        while True:
            planned = self._clock.monotonic() + TICK
            await self._clock.sleep_until(planned)
            if self._clock.monotonic() > planned + HELD_UP:
                await _read_what_came()
            self._spaces.tick()

    async def _ask_for_ever(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + ASK_CONTROL)
            if not self.connected:
                await self._ask_control()

    async def _ask_control(self) -> None:
        for plan in self._spaces.on_air():
            try:
                told = await self._plans.fetch(plan.id)
            except HustingsError:
                continue
            self._spaces.plan_from_control(told)


async def _read_what_came() -> None:
    """This process was held up: parts that came meanwhile wait in its sockets, and must not count as lost."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
