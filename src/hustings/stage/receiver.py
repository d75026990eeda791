"""What one speaker sends, from packets to 20 ms blocks: lost ones found again, the order kept, Opus decoded.

A lost frame is looked for in the redundancy of later packets (RFC 2198), then asked for again, then taken from the
next frame's in-band FEC, then concealed. It sends nothing and never raises: broken input costs sound at most.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog

from hustings.audio.jitter import JitterBuffer, Missing, NotStarted, Packet, Play
from hustings.audio.level import Samples
from hustings.audio.red import Block, parse_red
from hustings.audio.retransmission import Arrival, Wanted
from hustings.audio.rtp import RtpBroken, RtpPacket
from hustings.audio.rtp_reception import Reception
from hustings.base.grid import TICK
from hustings.stage.opus import OpusDecoder, OpusError, packet_samples

log = structlog.get_logger(__name__)

DEAF_AFTER: Final = 50  # packets without one decoded frame: the receiver starts anew
RESTART_AGAIN: Final = 1.0  # s: who sends nothing but broken packets costs no more than a restart in each
SWITCH_AFTER: Final = 0.2  # s without the present source before another is taken: two at once would be noise
KEEPS: Final = 0.996  # of what was concealed, with each slot: 5 s
QUIET: Final = 0.003  # peak, -50 dBFS: a correction of the delay is not heard here


@dataclass(slots=True)
class Counts:
    packets: int = 0
    frames: int = 0
    broken: int = 0
    restarts: int = 0
    redundant: int = 0  # lost frames found in later packets
    repeated: int = 0  # lost packets that came because we asked
    corrected: int = 0  # lost frames taken from in-band FEC
    guessed: int = 0  # slots filled from nothing, or from FEC, where something was missed


class Receiver:
    """One source at a time. `pull` exactly once per tick; times are seconds of one steady clock."""

    def __init__(self, session: str, payload_type: int, redundant_type: int | None, now: float) -> None:
        self.on_packet: Callable[[bytes], None] | None = None  # each frame that is played, as it came
        self.reception: Reception | None = None
        self.wanted = Wanted()
        self.counts = Counts()
        self.heard_at = now
        self.concealed = 0.0  # share of slots that were missed, over about 5 s
        self._session = session
        self._types = (payload_type, redundant_type)
        self._deaf = 0  # packets since the last decoded frame
        self._restarted_at = now - RESTART_AGAIN
        self._filled = 0  # slots filled from nothing since a packet was played: only the next one tells why
        self._played: Packet | None = None
        self._start_anew()

    def _start_anew(self) -> None:
        self._decoder = OpusDecoder()
        self._buffer = JitterBuffer()
        self._rest: Samples = np.zeros(0, np.float32)
        self._quiet = True

    # What comes in

    def take(self, packet: RtpPacket, now: float, round_trip: float) -> bool:
        """False when the packet is of no matter here: another payload, another source while one speaks."""
        if packet.payload_type not in self._types or not self._is_source(packet.ssrc, now):
            return False
        assert self.reception is not None
        self.heard_at = now
        self.counts.packets += 1
        arrival = self.wanted.arrived(packet.sequence, now, round_trip)
        again = arrival in {Arrival.AGAIN, Arrival.KNOWN}
        if not again:
            self.reception.add(
                packet.sequence, packet.timestamp, now
            )  # reports are of the network, not of our repairs
        self.counts.repeated += arrival is Arrival.AGAIN
        for block in self._blocks(packet):
            self._take_block(packet, block, now, again=again)
        return True

    def _is_source(self, ssrc: int, now: float) -> bool:
        if self.reception is None or self.reception.ssrc != ssrc:
            if self.reception is not None and now - self.heard_at < SWITCH_AFTER:
                return False
            self.reception, self.wanted = Reception(ssrc), Wanted()
        return True

    def _blocks(self, packet: RtpPacket) -> tuple[Block, ...]:
        if packet.payload_type == self._types[0] or not packet.payload:
            return (Block(self._types[0], 0, packet.payload),)
        try:
            return parse_red(packet.payload)
        except RtpBroken:
            self.counts.broken += 1
            return ()

    def _take_block(self, packet: RtpPacket, block: Block, now: float, *, again: bool) -> None:
        if block.payload_type != self._types[0] or not block.payload:
            return
        try:
            duration = packet_samples(block.payload)
        except OpusError:
            self.counts.broken += 1
            return
        back = block.offset // duration
        if back:
            if self.wanted.arrived((packet.sequence - back) & 0xFFFF, now) is not Arrival.FILLED:
                return
            self.counts.redundant += 1
        else:
            self._deaf += 1
        frame = Packet(
            (packet.sequence - back) & 0xFFFF, (packet.timestamp - block.offset) & 0xFFFFFFFF, block.payload, duration
        )
        self._buffer.push(packet.ssrc, frame, now, recovered=again or back > 0)

    # What goes out

    def pull(self, now: float) -> Samples | None:
        """This tick's 960 samples, float32; None when there is nothing to play yet."""
        blocks = [self._rest]
        have = len(self._rest)
        while have < TICK:
            block = self._slot(now)
            if block is None:
                break
            blocks.append(block)
            have += len(block)
        self._restart_if_deaf(now)
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
            self._filled, self._played = 0, None
            self.concealed *= KEEPS
            return None
        if isinstance(pulled, Play):
            self._judge(pulled.packet)
            sound = self._decode(pulled.packet)
            if pulled.merge is not None:
                sound = blend(sound, self._decode(pulled.merge))
        elif isinstance(pulled, Missing) and pulled.following is not None:
            self._filled += 1
            self.counts.corrected += 1
            sound = self._safely(pulled.following.payload, fec=True)
        else:
            # A longer wait takes no word away; it is heard where it comes into one because the network had nothing.
            self._filled += isinstance(pulled, Missing) or (pulled.starved and not self._quiet)
            sound = self._safely(None)
        self._quiet = bool(np.maximum.reduce(sound) < QUIET and np.minimum.reduce(sound) > -QUIET)
        return sound

    def _judge(self, packet: Packet) -> None:
        """What was filled from nothing before this packet was missed, unless its sender rested meanwhile."""
        before, self._played = self._played, packet
        if self._filled and not (before is not None and _rested(before, packet)):
            self.counts.guessed += self._filled
            self.concealed = 1.0 + (self.concealed - 1.0) * KEEPS**self._filled
        self.concealed *= KEEPS
        self._filled = 0

    def _decode(self, packet: Packet) -> Samples:
        try:
            sound = self._decoder.decode(packet.payload)
        except OpusError:
            self.counts.broken += 1
            return self._safely(None)
        self.counts.frames += 1
        self._deaf = 0
        if self.on_packet is not None:
            self.on_packet(packet.payload)
        return sound

    def _safely(self, payload: bytes | None, *, fec: bool = False) -> Samples:
        try:
            return self._decoder.decode(payload, fec=fec)
        except OpusError:
            return np.zeros(TICK, np.float32)

    def _restart_if_deaf(self, now: float) -> None:
        """Whatever state it came from: packets that arrive and are not heard are never left so. Told once."""
        if self._deaf < DEAF_AFTER or now - self._restarted_at < RESTART_AGAIN:
            return
        if not self.counts.restarts:
            log.warning("receiver restarted", session=self._session[:6])
        self._deaf, self._restarted_at = 0, now
        self.counts.restarts += 1
        self._start_anew()

    def delay(self, now: float) -> float:
        """Seconds from a packet's arrival at the network's best to its being played."""
        return max(0.0, self._buffer.delay(now))


def blend(first: Samples, second: Samples) -> Samples:
    """Two slots in the time of one, the first fading into the second; unequal ones are played whole."""
    if len(first) != len(second):
        return np.concatenate((first, second))
    rise = np.linspace(0.0, 1.0, len(first), dtype=np.float32)
    return first * (1 - rise) + second * rise


def _rested(before: Packet, after: Packet) -> bool:
    """Nothing lies between the two but time."""
    in_order = (after.sequence - before.sequence) & 0xFFFF == 1
    return in_order and (after.timestamp - before.timestamp) & 0xFFFFFFFF > before.duration
