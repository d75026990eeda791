"""Plays the sample: asks control for its seats, opens the doors, goes live, speaks; ends for good when deleted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
import structlog

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.errors import Conflict, Forbidden, HustingsError, NotFound, TooMany, Unauthorized, Unavailable
from hustings.clients.addresses import SpaceAddress
from hustings.clients.errors import BadAnswer, away, refusal
from hustings.clients.media import Samples, read_voice
from hustings.clients.speaker import Speaker
from hustings.clients.voice import Voice
from hustings.clients.whip import bearer

log = structlog.get_logger(__name__)

VOICES = (Path(__file__).with_name("ada.opus"), Path(__file__).with_name("ben.opus"))  # the host's first
PRESHOW = 8.0  # seconds of music before the first word, so that the page shows what waiting is like
BREATH = 0.4  # seconds between going live and the first word


T = TypeVar("T")


class _Seat(msgspec.Struct):
    name: str
    token: str


class _Sample(msgspec.Struct):
    space: str
    seats: tuple[_Seat, ...]


class _State(msgspec.Struct):
    state: str


async def run_sample(
    base_url: str, control_url: str, cluster_key: str, clock: Clock, *, preshow: float = PRESHOW
) -> None:
    """Returns when somebody has deleted or ended the sample; servers that are away are waited for."""
    said = [await asyncio.to_thread(read_voice, path) for path in VOICES]
    async with httpx.AsyncClient(timeout=10.0) as http:
        backoff = Backoff()
        refused = ""
        while True:
            try:
                sample = await _patiently(clock, lambda: _ask(http, f"{control_url}/internal/sample", cluster_key))
            except NotFound:  # control's word alone: a stage that was just started knows no Space yet
                log.info("the sample is gone")
                return
            if refused:
                log.info("the sample's seats were refused, it begins anew", code=refused)
            try:
                await _Show(http, clock, SpaceAddress(base_url, sample.space), sample.seats).play(said, preshow)
            except (Unauthorized, Forbidden, NotFound, Conflict) as error:
                refused = error.code
            await clock.sleep_until(clock.monotonic() + backoff.next())


@dataclass(frozen=True, slots=True)
class _Show:
    """One run on stage. The first seat is the host's."""

    http: httpx.AsyncClient
    clock: Clock
    address: SpaceAddress
    seats: tuple[_Seat, ...]

    async def play(self, said: list[Samples], preshow: float) -> None:
        """Ends only by the error with which a seat or the Space is refused."""
        state = await _patiently(self.clock, self._state)
        live_at = self.clock.monotonic() + (0.0 if state == "live" else preshow)
        try:
            async with asyncio.TaskGroup() as group:
                for seat, samples in zip(self.seats, said, strict=False):
                    voice = Voice(samples, loop=True, started=live_at + BREATH)
                    group.create_task(self._speaker(seat, voice).run(), name=f"sample voice {seat.name}")
                await self._go_live(state, live_at)
        except* HustingsError as refused:
            raise _first(refused) from None

    def _speaker(self, seat: _Seat, voice: Voice) -> Speaker:
        return Speaker(self.http, self.clock, address=self.address, token=seat.token, voice=voice, insist=True)

    async def _go_live(self, state: str, live_at: float) -> None:
        if state == "live":
            return
        if state == "scheduled":
            await _patiently(self.clock, lambda: self._direct("doors"))
        await self.clock.sleep_until(live_at)
        await _patiently(self.clock, lambda: self._direct("live"))

    async def _state(self) -> str:
        return msgspec.json.decode((await _call(self.http, "GET", self.address.api)).content, type=_State).state

    async def _direct(self, act: str) -> None:
        await _call(self.http, "POST", f"{self.address.api}/{act}", self.seats[0].token)


def _first(group: BaseExceptionGroup[HustingsError]) -> HustingsError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _patiently(clock: Clock, ask: Callable[[], Awaitable[T]]) -> T:
    backoff = Backoff()
    while True:
        try:
            return await ask()
        except (Unavailable, TooMany) as error:
            await clock.sleep_until(clock.monotonic() + backoff.next(min(error.retry_after, 2.0)))


async def _ask(http: httpx.AsyncClient, url: str, cluster_key: str) -> _Sample:
    return msgspec.json.decode((await _call(http, "POST", url, cluster_key)).content, type=_Sample)


async def _call(http: httpx.AsyncClient, method: str, url: str, token: str | None = None) -> httpx.Response:
    try:
        response = await http.request(method, url, headers=bearer(token) if token else {})
    except httpx.HTTPError as error:
        raise away(error, url) from error
    if not response.is_success:
        raise refusal(response)
    if not response.headers.get("content-type", "").startswith("application/json"):
        raise BadAnswer(f"{url} answered without JSON.")
    return response
