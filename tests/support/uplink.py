"""A stage's front half for tests: the real WHIP door, a seating that records, and stock aiortc speakers."""

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import av
import httpx
import numpy as np
from aiortc import AudioStreamTrack, MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.hearing import Samples

from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.base.clock import Clock, SystemClock
from hustings.base.errors import Forbidden, NotFound
from hustings.documents.seat_token import SeatClaim
from hustings.stage.ice_servers import IceServers
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Peer
from hustings.stage.sessions import WhipSessions
from hustings.stage.transport import MediaSettings
from hustings.stage.whip import WhipDoor, whip_routes

TICK = 0.020


@dataclass
class Ear:
    """What one seat was heard to say."""

    peer: Peer
    blocks: list[Samples] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)

    @property
    def sound(self) -> Samples:
        return np.concatenate(self.blocks) if self.blocks else np.zeros(0, np.float32)


class Room:
    """A Seating: tokens are `seat.<name>`; every tick it pulls all peers and sends each a tone."""

    def __init__(self, clock: Clock) -> None:
        self.ears: dict[str, list[Ear]] = {}
        self.detached: list[Peer] = []
        self.asked: list[str] = []  # tokens
        self.changed = asyncio.Condition()
        self.latest = 0.0  # seconds: the most that a tick came late; above 0.1 the measuring machine is the network
        self._clock = clock
        self._notices: set[asyncio.Task[None]] = set()

    async def authorise(self, space: str, token: str) -> SeatClaim:
        self.asked.append(token)
        if space != "town":
            raise NotFound("There is no such Space.")
        if not token.startswith("seat."):
            raise Forbidden("This token opens no seat here.")
        return SeatClaim(space, token.removeprefix("seat."), 0)

    def attach(self, claim: SeatClaim, peer: Peer, *, second: bool = False) -> None:
        ear = Ear(peer)
        peer.on_packet = ear.packets.append
        former = self.ears.setdefault(claim.seat, [])
        for old in former:
            self._later(old.peer.close())
        former.append(ear)
        self._later(self._tell())

    def detach(self, claim: SeatClaim, peer: Peer) -> None:
        self.detached.append(peer)
        self._later(self._tell())

    async def _tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _later(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._notices.add(task)
        task.add_done_callback(self._notices.discard)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that attaching, detaching or a tick brings about."""
        async with asyncio.timeout(40), self.changed:
            await self.changed.wait_for(true)

    async def run(self) -> None:
        tone = (0.2 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.float32).reshape(50, 960)
        encoder = OpusEncoder(bitrate=32_000)
        start, tick = self._clock.monotonic(), 0
        while True:
            late = self._clock.monotonic() - start - tick * TICK
            self.latest = max(self.latest, late)
            start += late if late > 0.25 else 0.0  # as the mixer: so long a stand is not made up for
            packet = encoder.encode(tone[tick % 50])
            for ear in [ears[-1] for ears in self.ears.values()]:
                block = ear.peer.pull()
                ear.blocks.append(block if block is not None else np.zeros(960, np.float32))
                ear.peer.send(packet)
            if tick % 10 == 0:
                await self._tell()
            tick += 1
            await self._clock.sleep_until(start + tick * TICK)


@dataclass
class Stage:
    base: str
    room: Room
    sessions: WhipSessions
    http: httpx.AsyncClient

    @property
    def whip(self) -> str:
        return f"{self.base}/api/v1/spaces/town/whip"

    def ear(self, seat: str) -> Ear:
        return self.room.ears[seat][-1]

    async def listen(self, seat: str, seconds: float) -> Samples:
        """What the seat says in the next seconds."""
        ear = self.ear(seat)
        begin, count = len(ear.blocks), round(seconds / TICK)
        await self.room.until(lambda: len(ear.blocks) >= begin + count)
        return np.concatenate(ear.blocks[begin : begin + count])

    async def connected(self, seat: str, sessions: int = 1) -> Ear:
        await self.room.until(lambda: len(self.room.ears.get(seat, [])) >= sessions)
        return self.ear(seat)


async def _page(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>A speaker</title>")


@asynccontextmanager
async def stage(
    media: MediaSettings | None = None,
    ice_servers: IceServers | None = None,
    host: str = "127.0.0.1",
    **limits: float,
) -> AsyncIterator[Stage]:
    """`limits` as WhipSessions takes them."""
    clock = SystemClock()
    room = Room(clock)
    sessions = WhipSessions(room, clock, media or MediaSettings(), **limits)
    door = WhipDoor(sessions, ice_servers or IceServers(["stun:stun.example:3478"]), clock)
    running = [asyncio.create_task(sessions.run()), asyncio.create_task(room.run())]
    try:
        async with (
            serving(Starlette(routes=[*whip_routes(door), Route("/", _page)]), host=host) as base,
            httpx.AsyncClient(timeout=10) as http,
        ):
            yield Stage(base, room, sessions, http)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class WavTrack(AudioStreamTrack):
    """Says a sound once, then silence."""

    def __init__(self, sound: Samples) -> None:
        super().__init__()
        self._sound = np.append(sound, np.zeros(-len(sound) % 960, np.float32)).reshape(-1, 960)
        self._begin: float | None = None
        self._number = 0

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        self._begin = self._begin if self._begin is not None else loop.time()
        await SystemClock().sleep_until(self._begin + self._number * TICK)
        block = self._sound[self._number] if self._number < len(self._sound) else np.zeros(960, np.float32)
        frame = av.AudioFrame.from_ndarray((block * 32767).astype(np.int16)[None, :], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._number * 960, fractions.Fraction(1, 48_000)
        self._number += 1
        return frame


def level(sound: Samples) -> float:
    """RMS."""
    return float(np.sqrt(np.mean(sound**2)))


async def sound_of(track: MediaStreamTrack) -> AsyncIterator[tuple[int, Samples]]:
    """What aiortc decodes, until the track ends: timestamp in samples, and mono sound."""
    with contextlib.suppress(MediaStreamError):
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
            yield int(frame.pts or 0), (samples / 32768).astype(np.float32)


class StockSpeaker:
    """An unmodified aiortc peer connection that posts WHIP."""

    def __init__(
        self,
        stage: Stage,
        seat: str,
        sound: Samples | None = None,
        ice: RTCConfiguration | None = None,
        *,
        second: bool = False,
    ) -> None:
        """Without a sound it sends nothing by itself; see `RawVoice`. `second`: the seat's second way in."""
        self.pc = RTCPeerConnection(ice)
        self.track = WavTrack(sound) if sound is not None else None
        self.session = ""
        self.heard: list[Samples] = []
        self._stage = stage
        self._seat = seat
        self._query = {"uplink": "second"} if second else {}
        self._listening: asyncio.Task[None] | None = None
        self.pc.on("track", self._listen)

    def _listen(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._listening = asyncio.ensure_future(self._receive(track))

    async def _receive(self, track: MediaStreamTrack) -> None:
        async for _, sound in sound_of(track):
            self.heard.append(sound)

    async def offer(self, direction: str = "sendrecv", *, video: bool = False) -> str:
        self.pc.addTransceiver(self.track or "audio", direction)
        if video:
            self.pc.addTransceiver("video", "sendonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def post(self, sdp: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer seat.{self._seat}", "Content-Type": "application/sdp"}
        return await self._stage.http.post(self._stage.whip, params=self._query, content=sdp, headers=headers)

    async def connect(self, direction: str = "sendrecv", *, video: bool = False) -> None:
        response = await self.post(await self.offer(direction, video=video))
        assert response.status_code == 201, response.text
        self.session = self._stage.base + response.headers["Location"]
        await self.pc.setRemoteDescription(RTCSessionDescription(response.text, "answer"))

    async def close(self) -> None:
        await self.pc.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])


class RawVoice:
    """Packets of our own making through a stock speaker's transport: for what no well-behaved sender sends."""

    def __init__(self, speaker: StockSpeaker, payload_type: int = 96) -> None:
        self.sequence = 65_500
        self.timestamp = 0xFFFFFFFF - 48_000
        self._transport = speaker.pc.getSenders()[0].transport
        self._payload_type = payload_type
        self._encoder = OpusEncoder()
        self._phase = 0
        self.sent = 0  # packets of tone
        self.latest = 0.0  # s: the most that one of them was late

    async def send(self, data: bytes) -> None:
        await self._transport._send_rtp(data)

    def packet(self, payload: bytes) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        return build_rtp(RtpPacket(self._payload_type, self.sequence, self.timestamp, 4711, payload))

    async def empty(self) -> None:
        """Padding alone, as libWebRTC sends it to probe the path: the last packet's timestamp, a new sequence."""
        data = bytearray(self.packet(bytes(254) + b"\xff"))
        data[0] |= 0x20
        await self.send(bytes(data))

    async def tone(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(round(seconds / TICK)):
            at = np.arange(self._phase, self._phase + 960)
            self._phase += 960
            self.timestamp = (self.timestamp + 960) & 0xFFFFFFFF
            block = (0.3 * np.sin(2 * np.pi * 440 * at / 48_000)).astype(np.float32)
            await self.send(self.packet(self._encoder.encode(block)))
            self.sent += 1
            await SystemClock().sleep_until(start + (number + 1) * TICK)
            self.latest = max(self.latest, loop.time() - start - (number + 1) * TICK)
