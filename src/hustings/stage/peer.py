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

from hustings.audio.level import Samples
from hustings.audio.retransmission import GENERIC_NACK, TRANSPORT_FEEDBACK, build_nack, parse_nack
from hustings.audio.rtp import AudioLevel, RtpBroken, parse_rtp
from hustings.audio.rtp_control import (
    Control,
    Description,
    Goodbye,
    Other,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    build_rtcp,
    middle,
    ntp_time,
    parse_rtcp,
)
from hustings.base.allowance import Allowance
from hustings.base.clock import Clock
from hustings.stage.presence import SILENT_AFTER
from hustings.stage.receiver import Receiver
from hustings.stage.sender import Sender

REPORT_EVERY: Final = 1.0  # s on average; the browser's FEC follows our loss reports
# The attack: a speaker who floods the loop that mixes. Opus' shortest frames are 400 packets/s; a stall of a second
# comes all at once. Reports come every few seconds, requests to send again with each lost packet.
MEDIA_RATE, MEDIA_BURST = 500.0, 500
CONTROL_RATE, CONTROL_BURST = 100.0, 100


class Wire(Protocol):
    """What a peer needs of its transport, which tells of each packet how many seconds ago it came."""

    on_rtp: Callable[[bytes, float], None] | None
    on_rtcp: Callable[[bytes, float], None] | None
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
    recovered: int = 0  # lost frames that came by redundancy or because we asked
    missed: int = 0  # frames that did not come in time, recovered or not


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What offer and answer agreed on; `redundant_type` and `repeats` where the speaker's program offers them."""

    payload_type: int
    level_extension: int | None = None
    sends_back: bool = True
    redundant_type: int | None = None  # RFC 2198
    repeats: bool = False  # generic NACK, RFC 4585

    @property
    def payload_types(self) -> tuple[int, ...]:
        return (self.payload_type,) if self.redundant_type is None else (self.payload_type, self.redundant_type)


class Peer:
    """See the module. `pull` exactly once per tick; everything happens in one event loop."""

    def __init__(self, session: str, wire: Wire, agreed: Negotiated, clock: Clock) -> None:
        self.session = session
        self.level: AudioLevel | None = None  # of the newest packet: comes before its sound does
        self.cname = secrets.token_hex(8)
        self.closed = asyncio.Event()
        self._wire = wire
        self._agreed = agreed
        self._clock = clock
        self._state = "connecting"
        self._receiver = Receiver(session, agreed.payload_type, agreed.redundant_type, clock.monotonic())
        self._sender = Sender(agreed.payload_type, agreed.redundant_type)
        self._media, self._control = Allowance(MEDIA_RATE, MEDIA_BURST), Allowance(CONTROL_RATE, CONTROL_BURST)
        self._broken = 0
        self._loss = self._round_trip = self._returned_loss = 0.0
        self._their_report: tuple[int, float] | None = None  # middle NTP of their SR, when it came
        self._report_at = 0.0
        wire.on_rtp, wire.on_rtcp, wire.on_closed = self._receive, self._receive_control, self._gone

    @property
    def ssrc(self) -> int:
        """Of what we send."""
        return self._sender.ssrc

    @property
    def on_packet(self) -> Callable[[bytes], None] | None:
        """Called with each Opus frame that is played, as it came: the recording's track."""
        return self._receiver.on_packet

    @on_packet.setter
    def on_packet(self, receive: Callable[[bytes], None] | None) -> None:
        self._receiver.on_packet = receive

    def opened(self) -> None:
        """The transport is up: count silence from here."""
        if self._state == "connecting":
            self._state = "connected"
            self._receiver.heard_at = self._clock.monotonic()

    # From the speaker

    def _receive(self, data: bytes, age: float) -> None:
        now = self._clock.monotonic() - age
        if not self._media.take(now):
            return
        try:
            packet = parse_rtp(data)
        except RtpBroken:
            self._broken += 1
            return
        if self._receiver.take(packet, now, self._round_trip):
            self.level = packet.audio_level(self._agreed.level_extension) or self.level
            self._ask_again(now)

    def _ask_again(self, now: float) -> None:
        reception = self._receiver.reception
        lost = self._receiver.wanted.due(now, self._round_trip) if self._agreed.repeats else ()
        if lost and reception is not None and self._state == "connected":
            body = build_nack(self.ssrc, reception.ssrc, lost)
            self._wire.send(build_rtcp((Other(TRANSPORT_FEEDBACK, GENERIC_NACK, body),)))

    def pull(self) -> Samples | None:
        """This tick's 960 samples, float32; None when there is nothing to play yet."""
        now = self._clock.monotonic()
        self._report(now)
        self._ask_again(now)
        return self._receiver.pull(now)

    # To the speaker

    def send(self, opus: bytes) -> None:
        """One 20 ms packet. Dropped when there is no connection or the speaker takes no sound here."""
        if self._agreed.sends_back and self._state == "connected":
            self._wire.send(self._sender.packet(opus, self._clock.monotonic()))

    def _send_again(self, body: bytes) -> None:
        source, lost = parse_nack(body)
        now = self._clock.monotonic()
        for sequence in lost if source == self.ssrc else ():
            packet = self._sender.again(sequence, now)
            if packet is not None:
                self._wire.send(packet)

    # Reports

    def _receive_control(self, data: bytes, age: float) -> None:
        if not self._control.take(self._clock.monotonic() - age):
            return
        try:
            for packet in parse_rtcp(data):
                self._take_control(packet, age)
        except RtpBroken:
            self._broken += 1

    def _take_control(self, packet: Control, age: float) -> None:
        reception = self._receiver.reception
        if isinstance(packet, SenderReport) and reception is not None and reception.ssrc == packet.ssrc:
            self._their_report = (middle(packet.ntp), self._clock.monotonic() - age)
        if isinstance(packet, SenderReport | ReceiverReport):
            for block in packet.blocks:
                self._receive_report(block, age)
        if isinstance(packet, Other) and (packet.kind, packet.count) == (TRANSPORT_FEEDBACK, GENERIC_NACK):
            self._send_again(packet.body)

    def _receive_report(self, block: ReportBlock, age: float) -> None:
        if block.ssrc != self.ssrc:
            return
        self._returned_loss = block.fraction_lost / 256
        self._sender.missed(self._returned_loss, self._clock.monotonic())
        if block.last_report:
            came = middle(ntp_time(self._clock.now() - age))
            elapsed = (came - block.last_report - block.since_last_report) & 0xFFFFFFFF
            if elapsed < 10 << 16:
                self._round_trip = elapsed / 65536

    def _report(self, now: float) -> None:
        if now < self._report_at or self._state != "connected":
            return
        self._report_at = now + REPORT_EVERY * random.uniform(0.5, 1.5)  # noqa: S311 - RFC 3550 §6.2's spreading
        self._wire.send(build_rtcp((self._own_report(now), Description(self.ssrc, self.cname))))

    def _own_report(self, now: float) -> Control:
        blocks = self._blocks(now)
        sender = self._sender
        if sender.sent_at is None:
            return ReceiverReport(self.ssrc, blocks)
        ntp = ntp_time(self._clock.now())
        return SenderReport(self.ssrc, ntp, sender.timestamp(now), sender.packets, sender.octets, blocks)

    def _blocks(self, now: float) -> tuple[ReportBlock, ...]:
        if self._receiver.reception is None:
            return ()
        last, at = self._their_report or (0, now)
        block = self._receiver.reception.report(last_report=last, since_last_report=now - at)
        self._loss += (block.fraction_lost / 256 - self._loss) / 3
        return (block,)

    # Life

    def health(self) -> PeerHealth:
        now = self._clock.monotonic()
        receiver, counts = self._receiver, self._receiver.counts
        recovered = counts.redundant + counts.repeated
        age = now - receiver.heard_at
        silent = self._state == "connected" and age > SILENT_AFTER
        return PeerHealth(
            state="silent" if silent else self._state,
            last_packet_age=age,
            loss=self._loss,
            jitter_ms=receiver.reception.jitter_seconds * 1000 if receiver.reception else 0.0,
            concealed=receiver.concealed,
            depth_ms=receiver.delay(now) * 1000,
            packets=counts.packets,
            frames=counts.frames,
            round_trip_ms=self._round_trip * 1000,
            returned_loss=self._returned_loss,
            restarts=counts.restarts,
            recovered=recovered,
            missed=recovered + counts.guessed,
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
