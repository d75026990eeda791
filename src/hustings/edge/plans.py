"""Plans of Spaces the feed does not carry, asked of control: at most one question a second for each.

Control may be slow, overloaded or gone; what it said last is told again rather than nothing. The attack it stops:
requests for thousands of made-up Spaces; a name of the wrong form is refused unasked, what is remembered has a
size, made-up names push no real one out of it, and few questions are under way or wait at once.
"""

import asyncio
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

import httpx
import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import NotFound, Unavailable
from hustings.documents.space import SpacePlan

FRESH = 1.0  # seconds an answer is used without asking again
REMEMBERED = 2_000  # Spaces that are, and as many names that are none; the oldest answer is forgotten first
QUESTIONS = 8  # under way at once
QUEUE = 64  # questions that wait for that; above it, 503
SILENT = "The control room does not answer. Your browser will try again by itself."
NOT_FOUND = "There is no such Space. It may have been deleted, or the link may be incomplete."

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class _Answer:
    plan: SpacePlan | None  # None: control knows no such Space
    at: float


class PlanBook:
    """Asks control, remembers, and shares one question among all who ask it meanwhile."""

    def __init__(self, client: httpx.AsyncClient, *, control_url: str, cluster_key: str, clock: Clock) -> None:
        self._client = client
        self._url = f"{control_url}/internal/plans"
        self._headers = {"Authorization": f"Bearer {cluster_key}"}
        self._clock = clock
        self._known: OrderedDict[str, _Answer] = OrderedDict()
        self._absent: OrderedDict[str, _Answer] = OrderedDict()
        self._queued = 0
        self._silent_at = -math.inf
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._room = asyncio.Semaphore(QUESTIONS)

    async def get(self, space: str) -> SpacePlan:
        """The plan, at most FRESH old unless control does not answer. Raises NotFound or Unavailable."""
        if not _ID.fullmatch(space):
            raise NotFound(NOT_FOUND)
        known = self._told(space)
        if known is None or self._clock.monotonic() - known.at > FRESH:
            try:
                known = await self._ask_once(space)
            except Unavailable:
                if known is None:
                    raise
        if known.plan is None:
            raise NotFound(NOT_FOUND)
        return known.plan

    async def fetch(self, space: str) -> SpacePlan:
        """As `get`, but never an old answer."""
        known = await self._ask_once(space)
        if known.plan is None:
            raise NotFound(NOT_FOUND)
        return known.plan

    async def _ask_once(self, space: str) -> _Answer:
        """One question at a time for each Space; who waited meanwhile takes the answer it got."""
        asked_at = self._clock.monotonic()
        lock = self._locks.get(space)
        if lock is None:
            lock = self._locks[space] = asyncio.Lock()
        async with lock:
            known = self._told(space)
            return known if known is not None and known.at >= asked_at else await self._in_turn(space, asked_at)

    def _told(self, space: str) -> _Answer | None:
        return self._known.get(space) or self._absent.get(space)

    async def _in_turn(self, space: str, asked_at: float) -> _Answer:
        if self._queued >= QUEUE:
            raise Unavailable(SILENT, retry_after=1)
        self._queued += 1
        try:
            await self._room.acquire()
        finally:
            self._queued -= 1
        try:
            if self._silent_at > asked_at:  # what others waited for in vain is not waited for again
                raise Unavailable(SILENT)
            return self._remember(space, await self._ask(space))
        finally:
            self._room.release()

    async def _ask(self, space: str) -> SpacePlan | None:
        try:
            response = await self._client.get(f"{self._url}/{space}", headers=self._headers)
            if response.status_code == 404:
                return None
            response.raise_for_status()
            return msgspec.json.decode(response.content, type=SpacePlan)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            if isinstance(error, httpx.TransportError):
                self._silent_at = self._clock.monotonic()
            raise Unavailable(SILENT) from error

    def _remember(self, space: str, plan: SpacePlan | None) -> _Answer:
        answer = _Answer(plan, self._clock.monotonic())
        belongs, other = (self._absent, self._known) if plan is None else (self._known, self._absent)
        other.pop(space, None)
        belongs[space] = answer
        belongs.move_to_end(space)
        while len(belongs) > REMEMBERED:
            belongs.popitem(last=False)
        return answer
