"""The clients' one address for aiortc: one WebRTC connection that says a voice and counts what comes back.

It is stock aiortc from track to socket, so that what the stage hears is what any other program would send:
constant packets, no DTX. What the stage sends back is received and thrown away; that it comes is the sign of life.
"""

import asyncio

from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from hustings.base.clock import Clock
from hustings.base.grid import TICK, TICK_SECONDS
from hustings.clients.errors import BadAnswer
from hustings.clients.media import AudioFrame, audio_frame
from hustings.clients.voice import Voice
from hustings.clients.whip import IceServer

TOO_LATE = 2.0  # seconds behind: the machine slept; a burst of old speech helps nobody


class _VoiceTrack(MediaStreamTrack):
    """Hands aiortc one 20 ms frame when it is due. RTP time runs from 0 on each connection."""

    kind = "audio"

    def __init__(self, voice: Voice, clock: Clock) -> None:
        super().__init__()
        self._voice = voice
        self._clock = clock
        self._first: int | None = None
        self._next = 0

    async def recv(self) -> AudioFrame:
        now = self._clock.monotonic()
        started = self._voice.begin(now)
        if self._first is None:
            self._first = self._next = self._voice.tick_at(now)
        due = started + self._next * TICK_SECONDS
        if self.readyState != "live" or now - due > TOO_LATE:
            self.stop()
            raise MediaStreamError
        await self._clock.sleep_until(due)
        frame = audio_frame(self._voice.tick(self._next), (self._next - self._first) * TICK)
        self._next += 1
        return frame


class SpeakingPeer:
    """One connection; made anew for each attempt, closed by its maker."""

    def __init__(self, voice: Voice, clock: Clock, relay: IceServer | None = None) -> None:
        """Goes to the stage directly where it can, else by the relay."""
        servers = [RTCIceServer(relay.url, relay.username, relay.credential)] if relay is not None else []
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._track = _VoiceTrack(voice, clock)
        self._transceiver = self._connection.addTransceiver(self._track, direction="sendrecv")
        self._drains: set[asyncio.Task[None]] = set()
        self._connection.on("track", self._drain)

    async def offer(self) -> str:
        """The SDP to send, with all candidates in it."""
        gathering = asyncio.ensure_future(self._gather())
        try:
            await asyncio.shield(gathering)
        finally:
            await asyncio.wait([gathering])  # given up half-way, aioice loses sight of the sockets it has opened
        return self._connection.localDescription.sdp

    async def _gather(self) -> None:
        await self._connection.setLocalDescription(await self._connection.createOffer())

    async def answer(self, sdp: str) -> None:
        """Begin to connect. Raises BadAnswer when the SDP is none, or refuses the audio."""
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        except (ValueError, KeyError, IndexError, AssertionError) as error:
            raise BadAnswer("The server's WebRTC answer cannot be understood.") from error

    @property
    def connected(self) -> bool:
        return self._connection.connectionState == "connected"

    @property
    def dead(self) -> bool:
        return self._connection.connectionState in {"failed", "closed"} or self._track.readyState == "ended"

    @property
    def hears(self) -> bool:
        """Whether the stage sends sound back, so that silence of packets means that it is gone."""
        return self._transceiver.currentDirection == "sendrecv"

    async def packets(self) -> tuple[int, int]:
        """Packets received, media and reports alike, and media packets sent."""
        stats = (await self._connection.getStats()).values()
        received = sum(s.packetsReceived for s in stats if s.type == "transport")
        sent = sum(s.packetsSent for s in stats if s.type == "outbound-rtp")
        return received, sent

    async def close(self) -> None:
        await self._connection.close()
        for drain in self._drains:
            drain.cancel()  # the track of a connection that never came about does not end by itself
        await asyncio.gather(*self._drains, return_exceptions=True)

    def _drain(self, track: MediaStreamTrack) -> None:
        """aiortc queues what it decodes without a limit; it is taken out as it comes."""
        task = asyncio.ensure_future(_throw_away(track))
        self._drains.add(task)


async def _throw_away(track: MediaStreamTrack) -> None:
    try:
        while True:
            await track.recv()
    except MediaStreamError:
        return
