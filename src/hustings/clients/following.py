"""Fetches every part of one live rendition as it comes out, as a low-latency player does, and hands on the bytes.

It follows for as long as it is let: whatever the server answers, it asks again. It decodes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.errors import HustingsError
from hustings.clients.fetching import fetch
from hustings.clients.playlist import Chunk, MediaPlaylist, media_playlist

BLOCKED_FOR = 10.0  # seconds a blocking reload may take: three part targets and more
PART_WITHIN = 3.0  # seconds a part may take: a player that holds three parts back has run dry by then
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds before asking again after a failure


@dataclass(frozen=True, slots=True)
class Fetched:
    """One part as it was served. `data` is None when its playlist names it and the server does not give it."""

    chunk: Chunk
    init: bytes
    data: bytes | None
    at: float  # monotonic: when it was in hand


class Follower:
    """`take` is called with each part in order; `url` is that of a low-latency media playlist."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, url: str, take: Callable[[Fetched], None]) -> None:
        self._http = http
        self._clock = clock
        self._url = url
        self._take = take
        self._inits: dict[str, bytes] = {}
        self._backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)

    async def run(self) -> None:
        """Ends with the programme."""
        while True:
            try:
                await self._follow()
            except HustingsError:
                await self._clock.sleep_until(self._clock.monotonic() + self._backoff.next())
            else:
                return

    async def _follow(self) -> None:
        playlist = await self._load({})
        waiting = playlist.at_live_edge()
        while True:
            for chunk in waiting:
                await self._fetch(chunk)
            if playlist.ended:
                return
            place = playlist.following
            playlist = await self._load({"_HLS_msn": place[0], "_HLS_part": place[1]} if playlist.blocks else {})
            if not (waiting := playlist.since(place)) and not playlist.ended:
                await self._clock.sleep_until(self._clock.monotonic() + LONGEST_PAUSE / 2)

    async def _load(self, directives: dict[str, int]) -> MediaPlaylist:
        url = str(httpx.URL(self._url).copy_merge_params(directives))
        text = (await fetch(self._http, url, BLOCKED_FOR)).content.decode("utf-8", "replace")
        self._backoff.reset()
        return media_playlist(text, self._url)

    async def _fetch(self, chunk: Chunk) -> None:
        if chunk.part is None:
            return  # the window began before us
        try:
            init = await self._init(chunk.init)
            data = (await fetch(self._http, chunk.url, PART_WITHIN)).content
        except HustingsError:
            init, data = self._inits.get(chunk.init, b""), None
        self._take(Fetched(chunk, init, data, self._clock.monotonic()))

    async def _init(self, url: str) -> bytes:
        if url not in self._inits:
            self._inits = {url: (await fetch(self._http, url, PART_WITHIN)).content}
        return self._inits[url]
