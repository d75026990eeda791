"""Tells the stage what Spaces are, and goes on telling until it has heard. Never the other way round.

What is to be told is read from the store each time, so nothing is lost with this process, and a stage that comes
back (its epoch differs) is told everything again.
"""

import asyncio
from typing import Protocol

import httpx
import msgspec
import structlog

from hustings.base.clock import Clock
from hustings.base.errors import Unavailable
from hustings.documents.space import SPACE_LIFE, SpacePlan
from hustings.spaces.errors import StageAway, StageRefused
from hustings.spaces.stage_rules import plan_of
from hustings.store.store import Store
from hustings.store.values import SpaceRecord

POLL = 1.0  # seconds between looks at the stage's epoch
INLINE = 1.0  # seconds an API answer waits at most, so that a seat token it carries works at once

log = structlog.get_logger(__name__)


class Stage(Protocol):
    """What the rest of spaces/ knows of the stage."""

    async def tell(self, space_id: str) -> None:
        """Bring the news of a Space to the stage within a second, else later."""
        ...


class StageLink:
    """`http` has the stage's address as base URL and the cluster key in its headers."""

    def __init__(self, store: Store, http: httpx.AsyncClient, clock: Clock) -> None:
        self._store, self._http, self._clock = store, http, clock
        self._epoch = ""
        self._told: dict[str, int] = {}  # Space → revision, under this epoch

    async def tell(self, space_id: str) -> None:
        try:
            async with asyncio.timeout(INLINE):
                await self._deliver(space_id)
        except (Unavailable, TimeoutError):
            log.info("stage did not answer at once; it is told again", space=space_id)

    async def run(self) -> None:
        """For ever: watch the epoch, and deliver what is owed."""
        while True:
            next_look = self._clock.monotonic() + POLL
            try:
                await self._look()
            except Unavailable as error:
                log.info("stage or store away", code=error.code)
            await self._clock.sleep_until(next_look)

    async def _look(self) -> None:
        epoch = await self._read_epoch()
        if epoch != self._epoch:
            self._epoch = epoch
            self._told.clear()
        async with self._store.read() as work:
            owed = await work.spaces.owed_to_stage()
        for space in owed:
            if self._told.get(space.id) != space.revision:
                await self._deliver_or_go_on(space.id)

    async def _deliver_or_go_on(self, space_id: str) -> None:
        try:
            await self._deliver(space_id)
        except StageRefused:
            log.warning("stage refused a plan", space=space_id)

    async def _read_epoch(self) -> str:
        answer = await self._call("GET", "/internal/epoch")
        try:
            return str(answer.json()["epoch"])
        except (ValueError, KeyError, TypeError) as error:
            raise StageAway("The stage answered something that is no epoch.") from error

    async def _deliver(self, space_id: str) -> None:
        async with self._store.read() as work:
            space = await work.spaces.get(space_id)
            if space is None:
                return
            plan = plan_of(space, await work.seats.of(space_id), await work.requests.pending(space_id))
        if space.deleted_at is not None:
            await self._forget(space)
        else:
            await self._put(space, plan)

    async def _put(self, space: SpaceRecord, plan: SpacePlan) -> None:
        await self._call("PUT", f"/internal/spaces/{space.id}", msgspec.json.encode(plan))
        self._told[space.id] = space.revision
        if SPACE_LIFE.is_final(space.state):
            async with self._store.write() as work:
                await work.spaces.delivered(space.id, space.revision)

    async def _forget(self, space: SpaceRecord) -> None:
        await self._call("DELETE", f"/internal/spaces/{space.id}")
        self._told.pop(space.id, None)
        async with self._store.write() as work:
            await work.spaces.remove(space.id)

    async def _call(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        headers = {"content-type": "application/json"} if body is not None else {}
        try:
            answer = await self._http.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise StageAway("The stage does not answer.") from error
        if not answer.is_success and not (method == "DELETE" and answer.status_code == httpx.codes.NOT_FOUND):
            raise StageRefused(f"The stage answered {answer.status_code}.")
        return answer
