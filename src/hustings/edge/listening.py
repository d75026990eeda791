"""The listening plane: playlists, media, `live.json` and beacons. Nothing here is computed for one listener.

Answers come from memory, rendered once per part, and are the same for everybody, so that any cache may keep
them. Never asks the stage, and asks control only about Spaces the feed does not carry.
"""

import gzip
from collections import OrderedDict
from typing import Annotated

import msgspec

from hustings.base.clock import Clock
from hustings.base.errors import Invalid, NotFound, Unavailable
from hustings.base.sizes import BEACON
from hustings.documents.distinct import FORM
from hustings.documents.heard import USER_AGENT
from hustings.documents.public import Card, card
from hustings.documents.space import ReplayState, SpacePlan, SpaceState
from hustings.edge import answers
from hustings.edge.answers import Receive, Request, Scope
from hustings.edge.audience import AUDIENCES, Audiences
from hustings.edge.bodies import Body
from hustings.edge.live import LiveRendition, LiveSpace, Spaces
from hustings.edge.plans import PlanBook
from hustings.edge.waiting import Leaving, Outcome
from hustings.hls import playlist
from hustings.hls.blocking import Refuse, Wait, decide, read_directives
from hustings.hls.names import InitName, PartName, parse_name
from hustings.hls.renditions import AAC64, BY_NAME

BEACON_ARRIVES = 10.0  # seconds within which a beacon must be there
MEDIA = "../../media/{name}/"  # from /spaces/{id}/live/{rendition}/ to its media
NOT_BEGUN = "This conversation has not begun. Its page counts down to the start."
NO_MEDIA = "This piece of the programme is not here: it is too old, or was never made."

_PLAYLIST = (b"content-type", playlist.CONTENT_TYPE.encode())
_MP4 = (b"content-type", b"audio/mp4")
_VARY = (b"vary", b"accept-encoding")
_GZIP = (b"content-encoding", b"gzip")
_MEDIA = answers.opening(_MP4, answers.FOR_EVER, answers.ANY_ORIGIN)
_TEXT = answers.opening(_PLAYLIST, answers.ONE_SECOND, answers.ANY_ORIGIN, _VARY)
_PACKED = answers.opening(_PLAYLIST, answers.ONE_SECOND, answers.ANY_ORIGIN, _VARY, _GZIP)

_MONITOR = USER_AGENT.encode()


class BadDirective(Invalid):
    """A delivery directive that cannot be read, or asks for the far future."""

    code = "bad_directive"


class Beacon(msgspec.Struct, frozen=True):
    """What a page says every 30 s, and when it leaves. `stalls` since it last said so, `buffer` in seconds."""

    session: Annotated[str, msgspec.Meta(pattern=FORM)]
    stalls: int = 0
    buffer: float = 0.0
    left: bool = False


class ListeningPlane:
    """Handlers, one per kind of resource; `space` and names come from the path."""

    def __init__(self, *, spaces: Spaces, plans: PlanBook, clock: Clock, audiences: Audiences) -> None:
        self._spaces = spaces
        self._plans = plans
        self._clock = clock
        self._cards: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._audiences = audiences

    async def has(self, space: str) -> bool:
        """Whether there is such a Space, for the answer's status only: its page is the same file for everybody."""
        live = self._spaces.get(space)
        return (live is not None and live.plan is not None) or await self._plans.has(space)

    async def multivariant(self, space: str, request: Request) -> None:
        scope, _, send = request
        answers.require(scope, "GET", "HEAD")
        plan = await self._plan(space)
        if plan.state.over:
            if plan.replay.state is not ReplayState.READY:
                raise NotFound("This conversation is over. Its replay is not there yet, or none was recorded.")
            headers = [(b"location", f"/spaces/{space}/replay.m3u8".encode()), answers.NEVER, answers.ANY_ORIGIN]
            await answers.answer(send, scope, 302, headers)
            return
        if plan.state is SpaceState.SCHEDULED:
            raise NotFound(NOT_BEGUN)
        body = playlist.multivariant([AAC64]).encode()
        await answers.answer(send, scope, 200, (_PLAYLIST, answers.ONE_SECOND, answers.ANY_ORIGIN), body)

    async def media_playlist(self, space: str, name: str, request: Request, *, low_latency: bool) -> None:
        scope, receive, send = request
        answers.require(scope, "GET", "HEAD")
        live, rendition = await self._rendition(space, name)
        skip = await self._ready(rendition, scope, receive, low_latency=low_latency)
        if skip is None:
            return
        told = dict(scope["headers"])
        compressed = b"gzip" in told.get(b"accept-encoding", b"")
        body = self._text(live, rendition, low_latency=low_latency, skip=skip, compressed=compressed)
        if told.get(b"user-agent") != _MONITOR:
            self._audiences.of(space).playlist(low_latency=low_latency, at=self._clock.monotonic())
        await answers.answer_at_once(send, scope, _PACKED if compressed else _TEXT, body)

    async def media(self, space: str, rendition: str, name: str, request: Request) -> None:
        scope, receive, send = request
        answers.require(scope, "GET", "HEAD")
        data = self._spaces.media(space, rendition, name)
        if data is None:
            data = await self._made_since(space, rendition, name, receive)
        if data is not None:
            await answers.answer_at_once(send, scope, _MEDIA, data)

    async def live_json(self, space: str, request: Request) -> None:
        scope, _, send = request
        answers.require(scope, "GET", "HEAD")
        now = self._clock.monotonic()
        cached = self._cards.get(space)
        if cached is None or now - cached[0] > 1.0:
            cached = (now, msgspec.json.encode(await self._card(space, now)))
            self._cards[space] = cached
            while len(self._cards) > AUDIENCES:
                self._cards.popitem(last=False)
        headers = (answers.JSON, answers.ONE_SECOND, answers.ANY_ORIGIN, answers.NOSNIFF)
        await answers.answer(send, scope, 200, headers, cached[1])

    async def beacon(self, space: str, request: Request) -> None:
        scope, receive, send = request
        answers.require(scope, "POST")
        body = Body(receive, most=BEACON, within=BEACON_ARRIVES, expected=True)
        try:
            told = msgspec.json.decode(await body.whole(), type=Beacon)
        except msgspec.DecodeError as error:
            raise Invalid("A beacon is JSON with a session, stalls and buffer.") from error
        await self._plan(space)
        now = self._clock.monotonic()
        self._audiences.beacon(space, told.session, now, stalled=told.stalls > 0, left=told.left)
        await answers.answer(send, scope, 204, (answers.NEVER, answers.ANY_ORIGIN))

    async def _plan(self, space: str) -> SpacePlan:
        live = self._spaces.get(space)
        if live is not None and live.plan is not None:
            return live.plan
        return await self._plans.get(space)

    async def _card(self, space: str, now: float) -> Card:
        live = self._spaces.get(space)
        plan = await self._plan(space)
        return card(
            plan,
            now=self._clock.now(),
            programme="none" if live is None else live.programme.value,
            voices=() if live is None else live.voices,
            audience=self._audiences.of(space).turnout(now),
        )

    async def _rendition(self, space: str, name: str) -> tuple[LiveSpace, LiveRendition]:
        """What is on air under this name; a sentence that fits the Space's state if nothing is."""
        live = self._spaces.get(space)
        if live is not None and name in live.renditions:
            return live, live.renditions[name]
        plan = await self._plan(space)
        if name not in BY_NAME:
            raise NotFound("There is no such rendition of this conversation.")
        if plan.state.over:
            raise NotFound("This conversation is over.")
        if plan.state is SpaceState.SCHEDULED:
            raise NotFound(NOT_BEGUN)
        raise Unavailable("The stage is starting. Your player will try again by itself.", retry_after=1)

    async def _ready(
        self, rendition: LiveRendition, scope: Scope, receive: Receive, *, low_latency: bool
    ) -> bool | None:
        """Wait until the playlist asked for is there: whether as a delta update, or None if the client left.

        Raises BadDirective, or Unavailable when nothing came in time or too many are held.
        """
        asked = read_directives(scope["query_string"].decode("latin-1") if low_latency else "")
        if isinstance(asked, Refuse):
            raise BadDirective(asked.because)
        while True:
            decision = decide(asked, rendition.edge)
            if isinstance(decision, Refuse):
                raise BadDirective(decision.because)
            if not isinstance(decision, Wait):
                return asked.skip
            if not await self._arrives(rendition, decision.number, receive):
                return None

    async def _arrives(self, rendition: LiveRendition, number: int, receive: Receive) -> bool:
        """Whether the client still waits when part `number` is there. Raises Unavailable if it does not come."""
        outcome = await rendition.gates.until(number, receive)
        if outcome is Outcome.EXPIRED:
            raise Unavailable("The stage is silent. Your player will try again by itself.", retry_after=1)
        if outcome is Outcome.LEAVING:
            raise Leaving
        return outcome is Outcome.ARRIVED

    def _text(
        self, live: LiveSpace, rendition: LiveRendition, *, low_latency: bool, skip: bool, compressed: bool
    ) -> bytes:
        """The playlist's bytes, rendered and compressed once for all who ask between two parts."""
        doors_at = live.doors_at
        cache = rendition.rendered(doors_at)
        key = (low_latency, skip, compressed)
        if (made := cache.get(key)) is None:
            media = MEDIA.format(name=rendition.name)
            made = _render(rendition, media, doors_at, low_latency=low_latency, skip=skip).encode()
            cache[key] = made = gzip.compress(made, compresslevel=6, mtime=0) if compressed else made
        return made

    async def _made_since(self, space: str, name: str, file: str, receive: Receive) -> bytes | None:
        """Media that was not there: held if it is the part the preload hint names; None if the client left."""
        live = self._spaces.get(space)
        rendition = None if live is None else live.renditions.get(name)
        asked = parse_name(file)
        if rendition is None or asked is None:
            raise NotFound(NO_MEDIA)
        if isinstance(asked, InitName):
            data = rendition.init if file == rendition.init_name else None
        elif isinstance(asked, PartName) and asked.number == rendition.window.next_number:
            data = await self._hinted(rendition, asked, file, receive)
            if data == b"":
                return None
        else:
            data = None
        if data is None:
            raise NotFound(NO_MEDIA)
        return data

    async def _hinted(self, rendition: LiveRendition, asked: PartName, file: str, receive: Receive) -> bytes | None:
        """The hinted part once whole (RFC 8216bis 6.2.6), None if its place went to another, b"" if nobody waits."""
        last = rendition.window.last_part
        if rendition.window.ended or last is None or asked.epoch != last.epoch:
            return None
        if not await self._arrives(rendition, asked.number, receive):
            return b""
        return rendition.window.find(file)


def _render(rendition: LiveRendition, media: str, doors_at: float | None, *, low_latency: bool, skip: bool) -> str:
    window, init = rendition.window, rendition.init_name
    if low_latency:
        return playlist.low_latency(window, init=init, media=media, doors_at=doors_at, skip=skip)
    return playlist.plain(window, init=init, media=media, doors_at=doors_at)
