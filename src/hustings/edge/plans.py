"""What only control knows, asked of it: plans of Spaces the feed does not carry, and whether an account exists.

At most one question a second for each. Control may be slow, overloaded or gone; what it said last is told again
rather than nothing. The attack it stops: requests for thousands of made-up names; one of the wrong form is refused
unasked, what is remembered has a size, made-up names push no real one out of it, and few questions are under way
or wait at once.
"""

import asyncio
import math
import re
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar
from weakref import WeakValueDictionary

import httpx
import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import NotFound, Unavailable
from hustings.documents.space import SpacePlan

FRESH = 1.0  # seconds an answer is used without asking again
REMEMBERED = 2_000  # things that are, and as many names of none; the oldest answer is forgotten first
QUESTIONS = 8  # under way at once
QUEUE = 64  # questions that wait for that; above it, 503
SILENT = "The control room does not answer. Your browser will try again by itself."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    told: T | None  # None: control knows no such thing
    at: float


class Book(ABC, Generic[T]):
    """Asks control, remembers, and shares one question among all who ask it meanwhile."""

    path: ClassVar[str]
    form: ClassVar[re.Pattern[str]]
    absent: ClassVar[str]

    def __init__(self, client: httpx.AsyncClient, *, control_url: str, cluster_key: str, clock: Clock) -> None:
        self._client = client
        self._url = f"{control_url}/internal/{self.path}"
        self._headers = {"Authorization": f"Bearer {cluster_key}"}
        self._clock = clock
        self._known: OrderedDict[str, _Answer[T]] = OrderedDict()
        self._absent: OrderedDict[str, _Answer[T]] = OrderedDict()
        self._queued = 0
        self._silent_at = -math.inf
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._room = asyncio.Semaphore(QUESTIONS)

    @abstractmethod
    def read(self, content: bytes) -> T:
        """What an answer of control says. Raises msgspec.DecodeError."""

    async def get(self, name: str) -> T:
        """What is called so, at most FRESH old unless control does not answer. Raises NotFound or Unavailable."""
        if not self.form.fullmatch(name):
            raise NotFound(self.absent)
        known = self._told(name)
        if known is None or self._clock.monotonic() - known.at > FRESH:
            try:
                known = await self._ask_once(name)
            except Unavailable:
                if known is None:
                    raise
        return self._required(known)

    async def fetch(self, name: str) -> T:
        """As `get`, but never an old answer."""
        return self._required(await self._ask_once(name))

    async def has(self, name: str) -> bool:
        """Whether there is such a thing; while control does not answer, that is believed of every name."""
        try:
            await self.get(name)
        except NotFound:
            return False
        except Unavailable:
            return True
        return True

    def _required(self, answer: _Answer[T]) -> T:
        if answer.told is None:
            raise NotFound(self.absent)
        return answer.told

    async def _ask_once(self, name: str) -> _Answer[T]:
        """One question at a time for each name; who waited meanwhile takes the answer it got."""
        asked_at = self._clock.monotonic()
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        async with lock:
            known = self._told(name)
            return known if known is not None and known.at >= asked_at else await self._in_turn(name, asked_at)

    def _told(self, name: str) -> _Answer[T] | None:
        return self._known.get(name) or self._absent.get(name)

    async def _in_turn(self, name: str, asked_at: float) -> _Answer[T]:
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
            return self._remember(name, await self._ask(name))
        finally:
            self._room.release()

    async def _ask(self, name: str) -> T | None:
        try:
            response = await self._client.get(f"{self._url}/{name}", headers=self._headers)
            if response.status_code == 404:
                return None
            response.raise_for_status()
            return self.read(response.content)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            if isinstance(error, httpx.TransportError):
                self._silent_at = self._clock.monotonic()
            raise Unavailable(SILENT) from error

    def _remember(self, name: str, told: T | None) -> _Answer[T]:
        answer = _Answer(told, self._clock.monotonic())
        belongs, other = (self._absent, self._known) if told is None else (self._known, self._absent)
        other.pop(name, None)
        belongs[name] = answer
        belongs.move_to_end(name)
        while len(belongs) > REMEMBERED:
            belongs.popitem(last=False)
        return answer


class PlanBook(Book[SpacePlan]):
    """Plans by the Space's id."""

    path, form = "plans", re.compile(r"[0-9A-Za-z_-]{1,64}")
    absent = "There is no such Space. It may have been deleted, or the link may be incomplete."

    def read(self, content: bytes) -> SpacePlan:
        return msgspec.json.decode(content, type=SpacePlan)


class AccountBook(Book[str]):
    """Names of accounts, as in /@name."""

    path, form = "accounts", re.compile(r"[0-9A-Za-z_]{1,30}")
    absent = "There is no account of this name here."

    def read(self, content: bytes) -> str:
        return msgspec.json.decode(content, type=str)
