"""A speaker: says a recording into a Space by WHIP, and comes back by itself when the connection is lost.

It never decides what is on air; it asks for its own switch to be on, as `hustings speak` promises.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

import httpx

from hustings.base.backoff import Backoff
from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, TooMany, Unavailable
from hustings.clients.addresses import SpaceAddress
from hustings.clients.desk import switch_on
from hustings.clients.errors import ServerAway
from hustings.clients.peer import SpeakingPeer
from hustings.clients.voice import Voice
from hustings.clients.whip import IceServer, WhipSession, close_session, ice_servers, open_session

LOOK = 0.25  # seconds between two looks at a connection
CONNECT_WITHIN = 10.0  # seconds for ICE and DTLS
SILENT_FOR = 2.0  # seconds without a packet from a stage that sends sound back
REPORTS_EVERY = 12.0  # seconds within which a stage that only listens sends an RTCP report
SETTLED_AFTER = 10.0  # seconds connected, after which waiting begins again from short
LAST_WORDS = 0.5  # seconds for the stage to play what it has


class SpeakerState(Enum):
    CONNECTING = "connecting"
    SPEAKING = "speaking"
    RECONNECTING = "reconnecting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SpeakerProgress:
    """`position` in seconds since the recording began; `duration` of one round; `because` says why not speaking."""

    state: SpeakerState
    position: float = 0.0
    duration: float = 0.0
    connections: int = 0
    packets_sent: int = 0
    because: str = ""
    looping: bool = False  # the recording begins again at its end; `position` counts over all rounds


class Speaker:
    """Says one voice with one token. `insist` keeps trying a server that was never reached; `second` goes in beside
    the session that sits on the seat, and is heard when that falls silent.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        address: SpaceAddress,
        token: str,
        voice: Voice,
        insist: bool = False,
        second: bool = False,
        told: Callable[[SpeakerProgress], None] = lambda _: None,
    ) -> None:
        self._http = http
        self._clock = clock
        self._address = address
        self._whip = address.second_whip if second else address.whip
        self._token = token
        self._voice = voice
        self._insist = insist
        self._told = told
        self._backoff = Backoff()
        self._sent_before = 0
        self._servers: list[IceServer] = []
        self._unreached = 0  # sessions that found no path: aiortc tries one relay at a time
        self._progress = SpeakerProgress(SpeakerState.CONNECTING, duration=voice.duration, looping=voice.loop)

    async def run(self) -> SpeakerProgress:
        """Speak until the recording is over. Raises what the server refuses with (Unauthorized, NotFound …), and
        ServerAway when it was never reached, or is away when the recording ends."""
        while True:
            wait_at_least = 0.0
            try:
                if await self._connect_and_speak():
                    return self._tell(SpeakerState.DONE)
                because = "the connection was lost"
            except (Unavailable, TooMany) as error:
                if not (self._insist or self._progress.connections):
                    raise
                because, wait_at_least = str(error), error.retry_after
            self._tell(SpeakerState.RECONNECTING, because)
            await self._clock.sleep_until(self._clock.monotonic() + self._backoff.next(wait_at_least))
            if self._voice.is_over(self._clock.monotonic()):
                raise ServerAway(f"The recording ended while the server was away: {because}")

    async def _connect_and_speak(self) -> bool:
        """One session; True when the recording is over, False when the connection was lost."""
        self._servers = await ice_servers(self._http, self._address.whip, self._token) or self._servers
        peer = SpeakingPeer(self._voice, self._clock, self._relay())
        session: WhipSession | None = None
        lost = False
        try:
            session = await open_session(self._http, self._whip, self._token, await peer.offer())
            self._servers = session.servers or self._servers
            await peer.answer(session.answer)
            lost = not await self._connected(peer)
            self._unreached += lost
            if not lost:
                await self._switch_on()
                lost = not await self._speak(peer)
            return not lost
        finally:
            await peer.close()
            if session is not None and not lost:  # the next offer takes over the seat of a lost one
                await close_session(self._http, session, self._token)

    def _relay(self) -> IceServer | None:
        relays = [server for server in self._servers if server.url.startswith("turn")]
        return relays[self._unreached % len(relays)] if relays else None

    async def _connected(self, peer: SpeakingPeer) -> bool:
        until = self._clock.monotonic() + CONNECT_WITHIN
        while not peer.connected:
            if peer.dead or self._clock.monotonic() > until:
                return False
            await self._clock.sleep_until(self._clock.monotonic() + LOOK / 5)
        self._progress = replace(self._progress, connections=self._progress.connections + 1)
        return True

    async def _switch_on(self) -> None:
        """Not being on air is no reason not to be backstage: the host can still switch the seat on."""
        because = ""
        try:
            await switch_on(self._http, self._address, self._token)
        except HustingsError as error:
            because = f"the on-air switch could not be set: {error}"
        self._tell(SpeakerState.SPEAKING, because)

    async def _speak(self, peer: SpeakingPeer) -> bool:
        patience = SILENT_FOR if peer.hears else REPORTS_EVERY
        since = heard_at = self._clock.monotonic()
        heard = 0
        while not self._voice.is_over(self._clock.monotonic() - LAST_WORDS):
            await self._clock.sleep_until(self._clock.monotonic() + LOOK)
            now = self._clock.monotonic()
            received, sent = await peer.packets()
            if received != heard:
                heard, heard_at = received, now
            if peer.dead or now - heard_at > patience:
                self._sent_before += sent
                return False
            if now - since > SETTLED_AFTER:
                self._backoff.reset()
            self._progress = replace(self._progress, packets_sent=self._sent_before + sent)
            self._tell(SpeakerState.SPEAKING)
        return True

    def _tell(self, state: SpeakerState, because: str = "") -> SpeakerProgress:
        position = self._voice.position(self._clock.monotonic())
        self._progress = replace(self._progress, state=state, position=position, because=because)
        self._told(self._progress)
        return self._progress
