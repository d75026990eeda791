"""A speaker who floods, in virtual time: what it costs the stage, and that a speaker who does not is heard."""

import numpy as np
import pytest
from tests.support.memory_wire import MemoryWire

from hustings.audio.jitter import ROOM
from hustings.audio.rtp import RtpPacket, build_rtp, is_rtcp
from hustings.audio.rtp_control import ReceiverReport, ReportBlock, build_rtcp
from hustings.base.clock import ManualClock
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Negotiated, Peer
from hustings.stage.receiver import DEAF_AFTER

SECONDS = 4
EACH_TICK = 100  # packets: 5,000 a second


class Flood:
    """A peer, and a speaker without manners."""

    def __init__(self) -> None:
        self.clock, self.wire = ManualClock(), MemoryWire()
        self.peer = Peer("session", self.wire, Negotiated(111, redundant_type=63, repeats=True), self.clock)
        self.peer.opened()
        self.number = 0
        self.voice = OpusEncoder().encode((0.3 * np.sin(np.arange(960) / 20)).astype(np.float32))

    def media(self, *, payload: bytes, step: int = 1, payload_type: int = 111, ssrc: int = 9) -> None:
        self.number += step
        packet = RtpPacket(payload_type, self.number & 0xFFFF, (self.number * 960) & 0xFFFFFFFF, ssrc, payload)
        self.wire.deliver(build_rtp(packet))

    def tick(self) -> None:
        self.peer.pull()
        self.clock.advance(0.020)


def test_packets_above_the_rate_are_not_looked_at() -> None:
    flood = Flood()
    for _ in range(SECONDS * 50):
        for _ in range(EACH_TICK):
            flood.media(payload=flood.voice)
        flood.tick()
    health = flood.peer.health()
    assert 0 < health.packets < SECONDS * 50 * EACH_TICK / 4
    assert len(flood.peer._receiver._buffer._packets) <= ROOM


@pytest.mark.parametrize("samples", [120, 240, 480, 960])
def test_every_length_of_frame_is_within_the_rate(samples: int) -> None:
    flood = Flood()
    encoder = OpusEncoder()
    short = encoder.encode(np.zeros(samples, np.float32))
    for _ in range(SECONDS * 50):
        for _ in range(960 // samples):
            flood.media(payload=short)
        flood.tick()
    assert flood.peer.health().packets == SECONDS * 50 * (960 // samples)


def test_holes_without_end_are_asked_for_no_faster_than_packets_are_taken() -> None:
    flood = Flood()
    for _ in range(SECONDS * 50):
        for _ in range(EACH_TICK):
            flood.media(payload=flood.voice, step=30)
        flood.tick()
    assert 0 < sum(is_rtcp(data) for data in flood.wire.sent) < SECONDS * 50 * EACH_TICK / 4


def test_reports_above_the_rate_are_not_looked_at() -> None:
    flood = Flood()

    def report(fraction: int) -> None:
        assert flood.wire.on_rtcp is not None
        flood.wire.on_rtcp(
            build_rtcp((ReceiverReport(9, (ReportBlock(flood.peer.ssrc, fraction, 0, 0, 0, 0, 0),)),)), 0.0
        )

    for _ in range(EACH_TICK):
        report(0)
    report(128)
    assert flood.peer.health().returned_loss == 0
    flood.tick()
    report(128)
    assert flood.peer.health().returned_loss == 0.5


def test_broken_sound_without_end_costs_a_restart_a_second() -> None:
    flood = Flood()
    for _ in range(SECONDS * 50):
        for _ in range(DEAF_AFTER // 10):
            flood.media(payload=b"\xffA\xff")  # says 20 ms, and is none
        flood.tick()
    assert 1 <= flood.peer.health().restarts <= SECONDS


def test_lying_redundancy_is_counted_and_the_next_voice_heard() -> None:
    flood = Flood()
    for lie in (b"\xef", b"\xef\xff\xff\xff", b"\xef\x00\x03\xff\x6f", b"\xef\x00\x00\x01" * 20, b"\x6f"):
        flood.media(payload=lie, payload_type=63)
    for _ in range(20):
        flood.media(payload=flood.voice)
        flood.tick()
    assert flood.peer.health().frames > 10
