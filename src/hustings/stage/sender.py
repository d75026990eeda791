"""What one speaker is sent: Opus frames as RTP, said twice (RFC 2198) while packets get lost, kept to be sent again.

It gives bytes and sends nothing.
"""

import secrets
from collections import OrderedDict
from typing import Final

from hustings.audio.red import LONGEST, Block, build_red
from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.base.grid import SAMPLE_RATE, TICK

GAP: Final = 0.2  # s without sending: the timestamp follows the clock over the gap
KEPT: Final = 50  # packets, 1 s: what is older is of no use to anybody's ear
AGAIN_AFTER: Final = 0.010  # s: a request repeated sooner crossed the answer
TIMES: Final = 3  # a packet is sent again: a flood of requests is no more than that
LOSSY: Final = 0.01  # share of packets lost from which on frames are said twice
LOSSY_FOR: Final = 30.0  # s without such a report before they are said once again


class Sender:
    """One stream. Times are seconds of one steady clock."""

    def __init__(self, payload_type: int, redundant_type: int | None) -> None:
        self.ssrc = secrets.randbits(31) + 1
        self.sent_at: float | None = None
        self.packets = self.octets = 0
        # Sequences start in the lower half: an early wrap can defeat SRTP's roll-over counter.
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(32)
        self._types = (payload_type, redundant_type)
        self._before = b""  # the frame sent last
        self._lossy_at: float | None = None
        self._kept: OrderedDict[int, tuple[bytes, float, int]] = OrderedDict()  # sent last, and times

    def packet(self, opus: bytes, now: float) -> bytes:
        """The next 20 ms as an RTP packet."""
        first = self.sent_at is None or now - self.sent_at > GAP
        missed = round((now - self.sent_at) * SAMPLE_RATE / TICK) - 1 if first and self.sent_at is not None else 0
        self._timestamp = (self._timestamp + TICK * (1 + missed)) & 0xFFFFFFFF
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent_at = now
        self.packets += 1
        payload_type, payload = self._payload(opus, b"" if first else self._before, now)
        self.octets += len(payload)
        self._before = opus
        data = build_rtp(RtpPacket(payload_type, self._sequence, self._timestamp, self.ssrc, payload, marker=first))
        self._kept[self._sequence] = (data, now, 0)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return data

    def _payload(self, opus: bytes, before: bytes, now: float) -> tuple[int, bytes]:
        plain, redundant = self._types
        lossy = self._lossy_at is not None and now - self._lossy_at < LOSSY_FOR
        if redundant is None or not lossy or not 0 < len(before) <= LONGEST:
            return plain, opus
        return redundant, build_red((Block(plain, TICK, before), Block(plain, 0, opus)))

    def missed(self, share: float, now: float) -> None:
        """What the other side reports as lost (0..1)."""
        if share >= LOSSY:
            self._lossy_at = now

    def again(self, sequence: int, now: float) -> bytes | None:
        """A packet that was asked for; None if it is forgotten, was sent a moment ago, or often enough."""
        data, sent, times = self._kept.get(sequence, (None, now, 0))
        if data is None or now - sent < AGAIN_AFTER or times == TIMES:
            return None
        self._kept[sequence] = (data, now, times + 1)
        return data

    def timestamp(self, now: float) -> int:
        """The stream's time at `now`, for the sender report."""
        return self._timestamp + int((now - (self.sent_at or now)) * SAMPLE_RATE)
