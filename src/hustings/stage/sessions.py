"""WHIP sessions from offer to end: who may open one, how many may be half open, and when one is over.

The attack: a token replayed in a loop, or offers that never connect, each holding sockets. A seat's offers are
paced; a session that has not connected after CONNECT_WITHIN is closed; a seat has few half-open ones, the newest
win; a Space and the stage have a bound beyond which offers are told to come back. It never decides who may sit:
`Seating` does.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, TooMany, Unavailable
from hustings.base.ids import new_secret
from hustings.base.tasks import TaskScope
from hustings.documents.seat_token import SeatClaim
from hustings.stage.peer import Negotiated, Peer
from hustings.stage.presence import HELD_FOR
from hustings.stage.sdp import LEVEL_URI, MAX_CANDIDATES, Offer, build_answer, parse_offer
from hustings.stage.sockets import MediaSockets
from hustings.stage.transport import Certificates, Link, MediaSettings

log = structlog.get_logger(__name__)

CONNECT_WITHIN: Final = 15.0  # s from the answer to the end of the DTLS handshake
LOOK_EVERY: Final = 1.0  # s
HALF_OPEN_SEAT, HALF_OPEN_SPACE, HALF_OPEN_STAGE = 2, 26, 104


OFFERS_PER_MINUTE: Final = 40  # of one seat: a client that lost its connection offers anew every two seconds


class TooManyOffers(TooMany):
    """One seat connects again and again."""

    code = "too_many_offers"


class StageBusy(Unavailable):
    """Too many connections are being set up at once."""

    code = "stage_busy"


class Seating(Protocol):
    """Who may sit where; the rooms implement it."""

    async def authorise(self, space: str, token: str) -> SeatClaim:
        """The seat this token opens. Raises the errors of base.errors."""
        ...

    def attach(self, claim: SeatClaim, peer: Peer, *, second: bool) -> None:
        """The peer is connected: it takes the seat, or its second way in, and who had that before is closed."""
        ...

    def detach(self, claim: SeatClaim, peer: Peer) -> None:
        """The peer is over; called once for every attached one, whether or not it still had the seat."""
        ...


@dataclass(eq=False, slots=True)
class WhipSession:
    """One session. `answer` is what the client got."""

    id: str
    claim: SeatClaim
    peer: Peer
    link: Link
    answer: str
    remote_ufrag: str
    second: bool = False  # the seat's second way in
    etag: str = field(default_factory=new_secret)
    connected: bool = False
    trickled: int = 0
    task: asyncio.Task[None] | None = None

    def may_trickle(self, count: int) -> bool:
        self.trickled += count
        return self.trickled <= MAX_CANDIDATES


class WhipSessions:
    """All sessions of one stage. `run` owns their tasks; offers are refused before it runs and after it ends."""

    def __init__(
        self,
        seating: Seating,
        clock: Clock,
        media: MediaSettings,
        *,
        connect_within: float = CONNECT_WITHIN,
        silence_ends: float = HELD_FOR,
    ) -> None:
        self._seating = seating
        self._clock = clock
        self._media = media
        self.sockets = MediaSockets(clock)
        self._connect_within = connect_within
        self._silence_ends = silence_ends
        self._certificates = Certificates(clock)
        self._sessions: dict[str, WhipSession] = {}
        self._offers: dict[tuple[str, str], deque[float]] = {}
        self._scope: TaskScope | None = None
        self._opening = 0

    async def run(self) -> None:
        """Until cancelled; then every session is closed."""
        async with TaskScope() as scope:
            self._scope = scope
            try:
                await asyncio.Event().wait()
            finally:
                self._scope = None
                for session in list(self._sessions.values()):
                    await self.end(session)

    def find(self, session: str) -> WhipSession | None:
        return self._sessions.get(session)

    async def authorise(self, space: str, token: str) -> SeatClaim:
        """The seat this token opens. Raises Seating's errors."""
        return await self._seating.authorise(space, token)

    async def open(self, space: str, token: str, sdp: str, *, second: bool = False) -> WhipSession:
        """Answer an offer, for the seat or its second way in.

        Raises Seating's errors, BadOffer, TooManyOffers, StageBusy, NoPort.
        """
        claim = await self.authorise(space, token)  # strangers take no place from those who may speak
        if self._scope is None or len(self._half_open()) + self._opening >= HALF_OPEN_STAGE:
            raise StageBusy("The stage is setting up too many connections. Try again in a moment.")
        self._opening += 1
        try:
            self._pace(claim)
            offer = parse_offer(sdp)
            await self._make_room(claim)
            session = await self._answer(claim, offer, second=second)
        finally:
            self._opening -= 1
        if self._scope is None:
            await session.peer.close()
            raise StageBusy("The stage is stopping. Try again in a moment.")
        self._sessions[session.id] = session
        session.task = self._scope.spawn(self._live(session, offer), "whip session")
        return session

    def _pace(self, claim: SeatClaim) -> None:
        """Remembers few times of each seat that was authorised within a minute."""
        now = self._clock.monotonic()
        for seat in [seat for seat, times in self._offers.items() if now - times[-1] >= 60]:
            del self._offers[seat]
        times = self._offers.setdefault((claim.space, claim.seat), deque(maxlen=OFFERS_PER_MINUTE))
        if len(times) == OFFERS_PER_MINUTE and now - times[0] < 60:
            raise TooManyOffers(
                "This seat has connected too often within a minute. Wait a little.", retry_after=60 - (now - times[0])
            )
        times.append(now)

    def _half_open(self, space: str | None = None, seat: str | None = None) -> list[WhipSession]:
        return [
            session
            for session in self._sessions.values()
            if not session.connected and space in (None, session.claim.space) and seat in (None, session.claim.seat)
        ]

    async def _make_room(self, claim: SeatClaim) -> None:
        for session in self._half_open(claim.space, claim.seat)[: -HALF_OPEN_SEAT + 1 or None]:
            await self.end(session)
        if len(self._half_open(claim.space)) >= HALF_OPEN_SPACE:
            raise StageBusy("Too many speakers are connecting to this conversation at once. Try again in a moment.")

    async def _answer(self, claim: SeatClaim, offer: Offer, *, second: bool) -> WhipSession:
        agreed = Negotiated(
            offer.payload_type,
            offer.audio.extension(LEVEL_URI),
            offer.sends_back,
            offer.redundant_type,
            offer.repeats,
        )
        link = Link(self._media, self.sockets, self._certificates.current(), agreed.payload_types)
        try:
            local = await link.gather()
        except HustingsError:
            await link.close()
            raise
        peer = Peer(new_secret(), link, agreed, self._clock)
        answer = build_answer(offer, local, ssrc=peer.ssrc, cname=peer.cname, session=int(self._clock.now() * 1000))
        return WhipSession(peer.session, claim, peer, link, answer, offer.transport.ufrag, second)

    async def _live(self, session: WhipSession, offer: Offer) -> None:
        """One session's life; its end, whatever it is, frees everything."""
        attached = False
        try:
            async with asyncio.timeout(self._connect_within):
                await session.link.connect(offer.transport, offer.setup)
            session.connected = True
            session.peer.opened()
            attached = True
            self._seating.attach(session.claim, session.peer, second=session.second)
            log.info("speaker connected", space=session.claim.space, seat=session.claim.seat, second=session.second)
            await self._until_over(session.peer)
        except (TimeoutError, HustingsError):
            log.info("speaker did not connect, or lost the seat meanwhile")
        finally:
            self._sessions.pop(session.id, None)
            if attached:
                self._seating.detach(session.claim, session.peer)
                log.info("speaker disconnected", space=session.claim.space, seat=session.claim.seat)
            await session.peer.close()

    async def _until_over(self, peer: Peer) -> None:
        while not peer.closed.is_set() and peer.health().last_packet_age < self._silence_ends:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(peer.closed.wait(), LOOK_EVERY)

    async def end(self, session: WhipSession) -> None:
        """Close a session and wait until it is gone."""
        if session.task is not None:
            session.task.cancel()
            await asyncio.wait([session.task])
