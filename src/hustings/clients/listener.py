"""A listener: reads the playlists and parts any player would, decodes them, and tells how it sounded from here.

It never asks for anything a player does not: no card, no beacon, so that it is counted as players are.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import httpx

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, NotFound, TooMany, Unavailable
from hustings.base.grid import SAMPLE_RATE
from hustings.clients.addresses import SpaceAddress
from hustings.clients.errors import BadAnswer
from hustings.clients.fetching import fetch
from hustings.clients.media import PartDecoder, Samples, silence
from hustings.clients.playback import Playback
from hustings.clients.playlist import Chunk, MediaPlaylist, media_playlist, variants

PATIENCE = 30.0  # seconds a listener stays with a server that stopped answering
BLOCKED_FOR = 20.0  # seconds a blocking reload may take before it counts as no answer


class Form(Enum):
    """Which playlist to follow; AUTO is the one the multivariant playlist names."""

    AUTO = "auto"
    LOW_LATENCY = "ll"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ListenReport:
    """How it sounded. Seconds and bytes; None where nothing could be measured."""

    playlist: str
    seconds: float
    join: float | None
    parts: int
    requests: int
    received: int
    lateness_median: float | None
    lateness_95: float | None
    lateness_max: float | None
    stalls: int
    stalled: float
    gaps: int
    missing: float
    errors: int
    level: float | None
    silent: float
    ended: bool


class Listener:
    """Listens to one Space until `seconds` of sound are heard, or the programme ends. `hear` is called in a thread
    with each stretch of sound, silence in the place of what was missing."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        address: SpaceAddress,
        form: Form = Form.AUTO,
        rendition: str = "aac64",
        seconds: float | None = None,
        hear: Callable[[Samples], None] = lambda _: None,
        told: Callable[[ListenReport], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._clock = clock
        self._address = address
        self._form = form
        self._rendition = rendition
        self._seconds = seconds
        self._hear = hear
        self._told = told
        self._url = address.live
        self._playback = Playback()
        self._decoders: dict[str, PartDecoder] = {}
        self._requests = self._received = self._parts = self._errors = 0
        self._join: float | None = None
        self._stale = False  # a blocking reload brought nothing new; asking again at once would be a flood
        self._ended = False

    async def run(self) -> ListenReport:
        """Raises what the server refuses with (NotFound while there is nothing to hear) and ServerAway."""
        asked_at = self._clock.monotonic()
        playlist = await self._open()
        waiting = playlist.at_live_edge()
        live = False  # what is there at the beginning was published before and is late for no fault
        while not self._heard_enough():
            for chunk in waiting:
                await self._play(chunk, live=live)
                if self._join is None and self._playback.played:
                    self._join = self._clock.monotonic() - asked_at
                self._told(self.report())
                if self._heard_enough():
                    return self.report()
            if playlist.ended:
                self._ended = True
                break
            place = playlist.following
            try:
                playlist = await self._reload(playlist)
            except NotFound:
                if not self._playback.played:
                    raise
                self._errors += 1
                break
            waiting, live = playlist.since(place), True
        return self.report()

    def report(self) -> ListenReport:
        heard = self._playback
        return ListenReport(
            playlist=self._url,
            seconds=heard.played,
            join=self._join,
            parts=self._parts,
            requests=self._requests,
            received=self._received,
            lateness_median=heard.lateness_at(0.5),
            lateness_95=heard.lateness_at(0.95),
            lateness_max=heard.lateness_at(1.0),
            stalls=heard.stalls,
            stalled=heard.stalled,
            gaps=heard.gaps,
            missing=heard.missing,
            errors=self._errors,
            level=heard.level,
            silent=heard.silent,
            ended=self._ended,
        )

    def _heard_enough(self) -> bool:
        return self._left() <= 0.001

    async def _open(self) -> MediaPlaylist:
        if self._form is not Form.AUTO:
            self._url = self._address.rendition(self._rendition, low_latency=self._form is Form.LOW_LATENCY)
        response = await self._get(self._url)
        named = variants(response.text, str(response.url))
        self._url = named[0] if named else str(response.url)
        return await self._load(self._url) if named else media_playlist(response.text, self._url)

    async def _load(self, url: str) -> MediaPlaylist:
        response = await self._get(url)
        return media_playlist(response.text, str(response.url))

    async def _reload(self, before: MediaPlaylist) -> MediaPlaylist:
        """The next version of the playlist; retried while the server is away, up to PATIENCE."""
        url = self._url
        if before.blocks and not self._stale:
            url = str(
                httpx.URL(url).copy_merge_params(dict(zip(("_HLS_msn", "_HLS_part"), before.following, strict=True)))
            )
        else:
            await self._clock.sleep_until(self._clock.monotonic() + before.target / 2)
        until = self._clock.monotonic() + PATIENCE
        backoff = Backoff()
        while True:
            try:
                after = await self._load(url)
            except (Unavailable, TooMany) as error:
                self._errors += 1
                if self._clock.monotonic() > until:
                    raise
                await self._clock.sleep_until(self._clock.monotonic() + backoff.next(error.retry_after))
            else:
                self._stale = after.following == before.following and not after.ended
                return after

    async def _play(self, chunk: Chunk, *, live: bool) -> None:
        """Fetch, decode and account for one chunk; what cannot be had is missing and shows as a gap."""
        try:
            decoder = await self._decoder(chunk.init)
            data = (await self._get(chunk.url)).content
            at, now = self._clock.monotonic(), self._clock.now()
            start, samples = await asyncio.to_thread(decoder.decode, data)
        except HustingsError:
            self._errors += 1
            return
        self._parts += 1
        if live and chunk.date is not None:
            self._playback.lateness.append(now - chunk.date - chunk.duration)
        left = self._left()
        samples = samples[: _samples(left - self._playback.gap_before(start))]
        gap = self._playback.arrived(at, start, samples)
        await asyncio.to_thread(self._pass_on, min(gap, left), samples)

    def _left(self) -> float:
        """Seconds still to be heard."""
        return sys.maxsize if self._seconds is None else self._seconds - self._playback.heard

    def _pass_on(self, gap: float, samples: Samples) -> None:
        if gap:
            self._hear(silence(_samples(gap)))
        self._hear(samples)

    async def _decoder(self, init: str) -> PartDecoder:
        if not init:
            raise BadAnswer("The playlist names no initialisation segment.")
        if init not in self._decoders:
            self._decoders = {init: PartDecoder((await self._get(init)).content)}
        return self._decoders[init]

    async def _get(self, url: str) -> httpx.Response:
        self._requests += 1
        response = await fetch(self._http, url, BLOCKED_FOR)
        self._received += len(response.content)
        return response


def _samples(seconds: float) -> int:
    return max(0, round(seconds * SAMPLE_RATE))
