"""One WebRTC session of one seat: packets to 20 ms blocks for the mixer, and the mixer's packets back.

It owns no task and never raises into the mixer: it works when a packet comes and when the tick pulls. An empty
payload, a flood, silence or broken Opus costs this speaker's sound at most, for as long as it lasts.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import structlog

from hustings.audio.jitter import JitterBuffer, Missing, NotStarted, Packet, Play
from hustings.audio.level import Samples
from hustings.audio.rtp import AudioLevel, RtpBroken, RtpPacket, build_rtp, parse_rtp
from hustings.audio.rtp_control import (
    Control,
    Description,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    build_rtcp,
    middle,
    ntp_time,
    parse_rtcp,
)
from hustings.audio.rtp_reception import Reception
from hustings.base.clock import Clock
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.opus import OpusDecoder, OpusError, packet_samples
from hustings.stage.presence import SILENT_AFTER

log = structlog.get_logger(__name__)

DEAF_AFTER: Final = 50  # packets without one decoded frame: the receiver starts anew
SWITCH_AFTER: Final = 0.2  # s without the present source before another is taken: two at once would be noise
REPORT_EVERY: Final = 1.0  # s on average; the browser's FEC follows our loss reports
QUIET: Final = 0.003  # peak, -50 dBFS: a correction of the delay is not heard here
GAP: Final = 0.2  # s without sending: the timestamp follows the clock over the gap


class Wire(Protocol):
    """What a peer needs of its transport."""

    on_rtp: Callable[[bytes], None] | None
    on_rtcp: Callable[[bytes], None] | None
    on_closed: Callable[[], None] | None

    def send(self, data: bytes) -> bool: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PeerHealth:
    """`loss` and `concealed` are shares (0..1) of the last seconds: of packets sent, of slots played."""

    state: str  # connecting | connected | silent | closed
    last_packet_age: float  # s
    loss: float
    jitter_ms: float
    concealed: float
    depth_ms: float
    packets: int
    frames: int
    round_trip_ms: float = 0.0
    returned_loss: float = 0.0  # what the speaker misses of what we send
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What offer and answer agreed on."""

    payload_type: int
    level_extension: int | None = None
    sends_back: bool = True


class Peer:
    """See the module. `pull` exactly once per tick; everything happens in one event loop."""

    def __init__(self, session: str, wire: Wire, agreed: Negotiated, clock: Clock) -> None:
        self.session = session
        self.on_packet: Callable[[bytes], None] | None = None
        self.level: AudioLevel | None = None  # of the newest packet: comes before its sound does
        self.ssrc = secrets.randbits(31) + 1
        self.cname = secrets.token_hex(8)
        self.closed = asyncio.Event()
        self._wire = wire
        self._agreed = agreed
        self._clock = clock
        self._state = "connecting"
        self._decoder = OpusDecoder()
        self._buffer = JitterBuffer()
        self._rest: Samples = np.zeros(0, np.float32)
        self._quiet = True
        self._reception: Reception | None = None
        self._heard_at = clock.monotonic()
        self._packets = self._frames = self._broken = self._restarts = 0
        self._deaf = 0  # packets since the last decoded frame
        self._loss = self._concealed = self._round_trip = self._returned_loss = 0.0
        self._their_report: tuple[int, float] | None = None  # middle NTP of their SR, when it came
        self._report_at = 0.0
        # Sequences start in the lower half: an early wrap can defeat SRTP's roll-over counter.
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(32)
        self._sent_at: float | None = None
        self._sent = self._sent_octets = 0
        wire.on_rtp, wire.on_rtcp, wire.on_closed = self._receive, self._receive_control, self._gone

    def opened(self) -> None:
        """The transport is up: count silence from here."""
        if self._state == "connecting":
            self._state = "connected"
            self._heard_at = self._clock.monotonic()

    # From the speaker

    def _receive(self, data: bytes) -> None:
        try:
            packet = parse_rtp(data)
        except RtpBroken:
            self._broken += 1
            return
        if packet.payload_type != self._agreed.payload_type:
            return
        now = self._clock.monotonic()
        if self._reception is None or self._reception.ssrc != packet.ssrc:
            if self._reception is not None and now - self._heard_at < SWITCH_AFTER:
                return
            self._reception = Reception(packet.ssrc)
        self._heard_at = now
        self._packets += 1
        self._reception.add(packet.sequence, packet.timestamp, now)
        self.level = packet.audio_level(self._agreed.level_extension) or self.level
        if packet.payload:
            self._queue(packet, now)

    def _queue(self, packet: RtpPacket, now: float) -> None:
        try:
            duration = packet_samples(packet.payload)
        except OpusError:
            self._broken += 1
            return
        self._deaf += 1
        self._buffer.push(packet.ssrc, Packet(packet.sequence, packet.timestamp, packet.payload, duration), now)

    def pull(self) -> Samples | None:
        """This tick's 960 samples, float32; None when there is nothing to play yet."""
        now = self._clock.monotonic()
        self._report(now)
        blocks = [self._rest]
        have = len(self._rest)
        while have < TICK:
            block = self._slot(now)
            if block is None:
                break
            blocks.append(block)
            have += len(block)
        self._restart_if_deaf()
        if have == 0:
            return None
        sound = np.concatenate(blocks) if len(blocks) != 2 or len(blocks[0]) else blocks[1]
        self._rest = sound[TICK:]
        sound = sound[:TICK]
        return sound if len(sound) == TICK else np.pad(sound, (0, TICK - len(sound)))

    def _slot(self, now: float) -> Samples | None:
        pulled = self._buffer.pull(now, quiet=self._quiet)
        if isinstance(pulled, NotStarted):
            self._quiet = True
            return None
        whole = isinstance(pulled, Play)
        self._concealed += ((not whole) - self._concealed) / 250
        if isinstance(pulled, Play):
            sound = self._decode(pulled.packet)
            if pulled.merge is not None:
                sound = blend(sound, self._decode(pulled.merge))
        elif isinstance(pulled, Missing) and pulled.following is not None:
            sound = self._safely(pulled.following.payload, fec=True)
        else:
            sound = self._safely(None)
        self._quiet = float(np.abs(sound).max()) < QUIET
        return sound

    def _decode(self, packet: Packet) -> Samples:
        try:
            sound = self._decoder.decode(packet.payload)
        except OpusError:
            self._broken += 1
            return self._safely(None)
        self._frames += 1
        self._deaf = 0
        if self.on_packet is not None:
            self.on_packet(packet.payload)
        return sound

    def _safely(self, payload: bytes | None, *, fec: bool = False) -> Samples:
        try:
            return self._decoder.decode(payload, fec=fec)
        except OpusError:
            return np.zeros(TICK, np.float32)

    def _restart_if_deaf(self) -> None:
        """Whatever state it came from: packets that arrive and are not heard are never left so."""
        if self._deaf < DEAF_AFTER:
            return
        log.warning("receiver restarted", session=self.session[:6])
        self._deaf = 0
        self._restarts += 1
        self._decoder = OpusDecoder()
        self._buffer = JitterBuffer()
        self._rest = np.zeros(0, np.float32)

    # To the speaker

    def send(self, opus: bytes) -> None:
        """One 20 ms packet. Dropped when there is no connection or the speaker takes no sound here."""
        if not self._agreed.sends_back or self._state != "connected":
            return
        now = self._clock.monotonic()
        first = self._sent_at is None or now - self._sent_at > GAP
        missed = round((now - self._sent_at) * SAMPLE_RATE / TICK) - 1 if first and self._sent_at is not None else 0
        self._timestamp = (self._timestamp + TICK * (1 + missed)) & 0xFFFFFFFF
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._sent_at = now
        self._sent += 1
        self._sent_octets += len(opus)
        self._wire.send(
            build_rtp(
                RtpPacket(self._agreed.payload_type, self._sequence, self._timestamp, self.ssrc, opus, marker=first)
            )
        )

    # Reports

    def _receive_control(self, data: bytes) -> None:
        try:
            packets = parse_rtcp(data)
        except RtpBroken:
            self._broken += 1
            return
        now = self._clock.monotonic()
        for packet in packets:
            if isinstance(packet, SenderReport) and self._is_source(packet.ssrc):
                self._their_report = (middle(packet.ntp), now)
            if isinstance(packet, SenderReport | ReceiverReport):
                for block in packet.blocks:
                    self._receive_report(block)

    def _is_source(self, ssrc: int) -> bool:
        return self._reception is not None and self._reception.ssrc == ssrc

    def _receive_report(self, block: ReportBlock) -> None:
        if block.ssrc != self.ssrc:
            return
        self._returned_loss = block.fraction_lost / 256
        if block.last_report:
            elapsed = (middle(ntp_time(self._clock.now())) - block.last_report - block.since_last_report) & 0xFFFFFFFF
            if elapsed < 10 << 16:
                self._round_trip = elapsed / 65536

    def _report(self, now: float) -> None:
        if now < self._report_at or self._state != "connected":
            return
        self._report_at = now + REPORT_EVERY * random.uniform(0.5, 1.5)  # noqa: S311 - RFC 3550 §6.2's spreading
        self._wire.send(build_rtcp((self._own_report(now), Description(self.ssrc, self.cname))))

    def _own_report(self, now: float) -> Control:
        blocks = self._blocks(now)
        if self._sent_at is None:
            return ReceiverReport(self.ssrc, blocks)
        elapsed = int((now - self._sent_at) * SAMPLE_RATE)
        ntp = ntp_time(self._clock.now())
        return SenderReport(self.ssrc, ntp, self._timestamp + elapsed, self._sent, self._sent_octets, blocks)

    def _blocks(self, now: float) -> tuple[ReportBlock, ...]:
        if self._reception is None:
            return ()
        last, at = self._their_report or (0, now)
        block = self._reception.report(last_report=last, since_last_report=now - at)
        self._loss += (block.fraction_lost / 256 - self._loss) / 3
        return (block,)

    # Life

    def health(self) -> PeerHealth:
        now = self._clock.monotonic()
        age = now - self._heard_at
        silent = self._state == "connected" and age > SILENT_AFTER
        return PeerHealth(
            state="silent" if silent else self._state,
            last_packet_age=age,
            loss=self._loss,
            jitter_ms=self._reception.jitter_seconds * 1000 if self._reception else 0.0,
            concealed=self._concealed,
            depth_ms=max(0.0, self._buffer.delay(now)) * 1000,
            packets=self._packets,
            frames=self._frames,
            round_trip_ms=self._round_trip * 1000,
            returned_loss=self._returned_loss,
            restarts=self._restarts,
        )

    def _gone(self) -> None:
        self._state = "closed"
        self.closed.set()

    async def close(self) -> None:
        """Say goodbye and free the transport. Safe to call twice."""
        if self._state == "connected":
            self._wire.send(build_rtcp((ReceiverReport(self.ssrc), Goodbye((self.ssrc,)))))
        self._gone()
        await self._wire.close()


def blend(first: Samples, second: Samples) -> Samples:
    """Two slots in the time of one, the first fading into the second; unequal ones are played whole."""
    if len(first) != len(second):
        return np.concatenate((first, second))
    rise = np.linspace(0.0, 1.0, len(first), dtype=np.float32)
    return first * (1 - rise) + second * rise
