"""The as-heard monitor: listens to every edge as a listener does, reads the stage's feed, and tells the stage which
part of the way is at fault.

Only Spaces that are on air are listened to. Each edge has its own connections and tasks, so that one that is stuck
delays no other. It changes nothing but its own word, and while the stage is away it says nothing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import httpx
import msgspec

from hustings.audio.sounding import MixedPart
from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.grid import PART_SECONDS
from hustings.base.tasks import TaskScope
from hustings.clients.addresses import SpaceAddress
from hustings.clients.following import Follower
from hustings.documents.feed import End, FeedBroken, Frame, FrameReader, Gone, Init, Part, Plan
from hustings.documents.heard import USER_AGENT, Heard
from hustings.documents.space import SpaceState
from hustings.hls.renditions import RENDITIONS
from hustings.ops.as_heard import Verdict
from hustings.ops.watch import EdgeWatch, position_after

TURN: Final = PART_SECONDS / 2
BEAT: Final = 0.1  # seconds between two looks whether this process gets its turn
HELD_UP: Final = 0.4  # seconds by which it did not, and what came late came late to it alone
TELL_EVERY: Final = 3.0  # seconds after which even an unchanged verdict is told
FEED_SILENCE: Final = 15.0  # seconds without a byte after which a feed is dialled anew
_ON_AIR: Final = (SpaceState.DOORS, SpaceState.LIVE)


class _Mixed(msgspec.Struct):
    epoch: str
    parts: tuple[MixedPart, ...]


class _Post:
    """One Space that is listened to."""

    def __init__(self, space: str, edges: Sequence[str], stage: httpx.AsyncClient, clock: Clock) -> None:
        self.watch = EdgeWatch(edges, [rendition.name for rendition in RENDITIONS])
        self._space = space
        self._stage = stage
        self._clock = clock
        self._told: dict[str, tuple[Verdict, float]] = {}
        self._beaten_at = clock.monotonic()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat(), name="notice a stand-still")
            group.create_task(self._take_turns(), name="judge")
            for edge, lines in self.watch.edges.items():
                group.create_task(self._listen(edge, list(lines)), name="listen to an edge")

    async def _listen(self, edge: str, renditions: list[str]) -> None:
        address = SpaceAddress(edge, self._space)
        async with (
            httpx.AsyncClient(headers={"user-agent": USER_AGENT}, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            for name in renditions:
                url = address.rendition(name, low_latency=True)
                follower = Follower(http, self._clock, url, self.watch.edges[edge][name].take)
                group.create_task(follower.run(), name="follow a rendition")

    async def _beat(self) -> None:
        while True:
            self._notice()
            self._beaten_at = self._clock.monotonic()
            await self._clock.sleep_until(self._beaten_at + BEAT)

    def _notice(self) -> None:
        """Ask before anything is judged: whoever stood still in the midst of a question has an old answer to it."""
        now = self._clock.monotonic()
        if now - self._beaten_at > BEAT + HELD_UP:
            self.watch.pass_over(now)

    async def _take_turns(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + TURN)
            try:
                await self._turn()
            except (httpx.HTTPError, msgspec.DecodeError):
                continue  # the stage is away, and nobody is there to be told

    async def _turn(self) -> None:
        base = f"/internal/spaces/{self._space}"
        answer = await self._stage.get(f"{base}/sounded", params={"after": self.watch.newest})
        answer.raise_for_status()
        mixed = msgspec.json.decode(answer.content, type=_Mixed)
        self.watch.take_mixed(mixed.epoch, mixed.parts, self._clock.monotonic())
        self._notice()
        self.watch.look(self._clock.monotonic())
        for edge, steady in self.watch.verdicts.items():
            await self._tell(f"{base}/heard", edge, steady.told)

    async def _tell(self, url: str, edge: str, verdict: Verdict) -> None:
        now, number = self._clock.monotonic(), self.watch.judged[edge]
        told = self._told.get(edge)
        if number < 0 or (told is not None and told[0] == verdict and now - told[1] < TELL_EVERY):
            return
        heard = Heard(edge, position_after(number), verdict.fault, verdict.what, self._clock.now())
        (await self._stage.put(url, content=msgspec.json.encode(heard))).raise_for_status()
        self._told[edge] = (verdict, now)


class Monitor:
    """`run()` until cancelled. URLs have no trailing slash."""

    def __init__(self, *, stage_url: str, cluster_key: str, edges: Sequence[str], clock: Clock) -> None:
        self._edges = edges
        self._clock = clock
        self._stage_url = stage_url
        self._key = {"Authorization": f"Bearer {cluster_key}"}
        self._posts: dict[str, tuple[_Post, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        backoff = Backoff(0.1, 1.0)
        async with (
            httpx.AsyncClient(base_url=self._stage_url, headers=self._key, timeout=2.0, trust_env=False) as stage,
            TaskScope() as scope,
        ):
            while True:
                with suppress(httpx.HTTPError, FeedBroken):
                    await self._follow(stage, scope, backoff)
                await self._clock.sleep_until(self._clock.monotonic() + backoff.next())

    async def _follow(self, stage: httpx.AsyncClient, scope: TaskScope, backoff: Backoff) -> None:
        timeout = httpx.Timeout(5.0, read=FEED_SILENCE)
        async with stage.stream("GET", "/internal/feed", timeout=timeout) as response:
            response.raise_for_status()
            for space in [*self._posts]:  # the feed tells anew of all that is on air
                self._leave(space)
            reader = FrameReader()
            async for data in response.aiter_raw():
                backoff.reset()
                for frame in reader.feed(data):
                    self._take(frame, stage, scope)

    def _take(self, frame: Frame, stage: httpx.AsyncClient, scope: TaskScope) -> None:
        match frame:
            case Plan(plan):
                if plan.state in _ON_AIR:
                    self._attend(plan.id, stage, scope)
                else:
                    self._leave(plan.id)
            case Gone(space) | End(space):
                self._leave(space)
            case Init(space, rendition, data) if space in self._posts:
                self._posts[space][0].watch.take_init(rendition, data)
            case Part(space) if space in self._posts:
                self._posts[space][0].watch.take_part(frame, self._clock.monotonic())

    def _attend(self, space: str, stage: httpx.AsyncClient, scope: TaskScope) -> None:
        if space not in self._posts:
            post = _Post(space, self._edges, stage, self._clock)
            self._posts[space] = (post, scope.spawn(post.run(), "listen to a space"))

    def _leave(self, space: str) -> None:
        if (post := self._posts.pop(space, None)) is not None:
            post[1].cancel()
