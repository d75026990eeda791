"""A peer in virtual time: a wire in memory, minutes of packets in milliseconds."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from tests.support.memory_wire import MemoryWire

from hustings.audio.level import Samples
from hustings.audio.rtp import RtpPacket, build_rtp, is_rtcp
from hustings.audio.rtp_control import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    build_rtcp,
    middle,
    ntp_time,
    parse_rtcp,
)
from hustings.base.clock import ManualClock
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Negotiated, Peer
from hustings.stage.receiver import DEAF_AFTER, SWITCH_AFTER, blend

TICK = 0.020


class Rig:
    """A peer, a sender with a tone, and a clock."""

    def __init__(self, *, sends_back: bool = True) -> None:
        self.clock = ManualClock()
        self.wire = MemoryWire()
        self.peer = Peer("session", self.wire, Negotiated(111, 1, sends_back), self.clock)
        self.peer.opened()
        self.number = 65_500
        self.rested = 0  # ticks in which they sent nothing
        self._encoder = OpusEncoder(expected_loss=20)

    def speak(
        self, payload: bytes | None = None, *, lost: bool = False, payload_type: int = 111, ssrc: int = 9
    ) -> None:
        """One packet of a tone, or of `payload`."""
        self.number += 1
        at = np.arange(self.number * 960, (self.number + 1) * 960) / 48_000
        voice = self._encoder.encode((0.3 * np.sin(2 * np.pi * 440 * at)).astype(np.float32))
        packet = RtpPacket(
            payload_type,
            self.number & 0xFFFF,
            ((self.number + self.rested) * 960) & 0xFFFFFFFF,
            ssrc,
            voice if payload is None else payload,
            extensions={1: b"\x90"},
        )
        if not lost:
            self.wire.deliver(build_rtp(packet))

    def tick(self) -> Samples | None:
        block = self.peer.pull()
        self.clock.advance(TICK)
        return block

    def talk(self, ticks: int, *, lost: Callable[[int], bool] = lambda _: False) -> list[Samples]:
        heard = []
        for n in range(ticks):
            self.speak(lost=lost(n))
            block = self.tick()
            heard += [block] if block is not None else []
        return heard


def level(blocks: list[Samples]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(blocks) ** 2)))


def test_nothing_is_pulled_before_anything_came() -> None:
    rig = Rig()
    assert rig.tick() is None
    assert rig.peer.health().state == "connected"


def test_a_tone_is_pulled_as_blocks_of_960() -> None:
    blocks = Rig().talk(100)
    assert len(blocks) > 95
    assert all(block.shape == (960,) and block.dtype == np.float32 for block in blocks)
    assert level(blocks[-20:]) == pytest.approx(0.212, rel=0.05)


def test_health_of_a_clean_minute() -> None:
    rig = Rig()
    rig.talk(3000)
    health = rig.peer.health()
    assert (health.loss, health.concealed, health.restarts) == (0, 0, 0)
    assert health.packets == 3000
    assert health.frames == pytest.approx(3000, abs=4)
    assert health.depth_ms < 80
    assert health.jitter_ms < 1


def test_a_tenth_lost_is_told_and_leaves_no_hole() -> None:
    rig = Rig()
    blocks = rig.talk(1000, lost=lambda n: n % 10 == 5)
    health = rig.peer.health()
    assert health.loss == pytest.approx(0.1, abs=0.03)
    assert health.concealed == pytest.approx(0.1, abs=0.03)
    assert min(level([block]) for block in blocks[10:]) > 0.04


@pytest.mark.parametrize("ticks", [20, 48, 200])
def test_who_rests_and_numbers_on_has_not_been_missed(ticks: int) -> None:
    rig = Rig()
    rig.talk(100)
    number = rig.number
    for _ in range(ticks):
        rig.tick()
    rig.rested = ticks
    rig.talk(20)
    assert rig.number == number + 20
    assert rig.peer.health().concealed < 0.005
    assert rig.peer.health().loss == 0


@pytest.mark.parametrize("ticks", [20, 40])
def test_a_hole_in_the_numbers_is_missed_once_it_is_over(ticks: int) -> None:
    rig = Rig()
    rig.talk(100)
    rig.talk(ticks, lost=lambda _: True)
    rig.talk(20)
    assert rig.peer.health().concealed == pytest.approx(ticks / 250, rel=0.3)


@pytest.mark.parametrize(
    ("payload", "missed"), [(None, 10 / 250), (OpusEncoder().encode(np.zeros(960, np.float32)), 0)]
)
def test_a_wait_for_late_packets_is_missed_in_a_word_and_not_in_silence(payload: bytes | None, missed: float) -> None:
    rig = Rig()
    for late in (False, True, False):
        for _ in range(10 if late else 100):
            if not late:
                rig.speak(payload)
            rig.tick()
        for _ in range(10 if late else 0):
            rig.speak(payload)
        if late:
            rig.talk(1)
            assert rig.peer.health().concealed == pytest.approx(missed, abs=0.02)


def test_what_was_missed_is_forgotten_while_nothing_is_sent() -> None:
    rig = Rig()
    rig.talk(300, lost=lambda n: n % 10 == 5)
    assert rig.peer.health().concealed > 0.05
    for _ in range(1500):
        rig.tick()
    assert rig.peer.health().concealed < 0.001


def test_ten_thousand_empty_payloads_change_nothing() -> None:
    rig = Rig()
    rig.talk(50)
    for _ in range(10_000):
        rig.speak(b"")
    rig.number = 65_550
    assert level(rig.talk(50)[-20:]) == pytest.approx(0.212, rel=0.05)


@pytest.mark.parametrize("payload", [b"\x03\x00", b"\xff\xff", b"\x03", b"\x01\x00"])
def test_payloads_that_are_no_opus_are_neither_heard_nor_recorded(payload: bytes) -> None:
    rig = Rig()
    kept: list[bytes] = []
    rig.peer.on_packet = kept.append
    rig.talk(50)
    for _ in range(20):
        rig.speak(payload)
        rig.tick()
    assert level(rig.talk(50)[-20:]) == pytest.approx(0.212, rel=0.05)
    assert payload not in kept


def test_another_payload_type_is_not_decoded() -> None:
    rig = Rig()
    for _ in range(20):
        rig.speak(payload_type=63)
        assert rig.tick() is None


def test_the_recording_gets_every_payload_once_in_order() -> None:
    rig = Rig()
    kept: list[bytes] = []
    rig.peer.on_packet = kept.append
    rig.talk(200)
    assert len(kept) == rig.peer.health().frames
    assert len(kept) > 195
    assert all(kept)


def test_packets_that_arrive_and_are_not_heard_restart_the_receiver() -> None:
    rig = Rig()
    rig.talk(50)
    nobody = rig.peer.health().restarts
    rig.number -= 40  # a path that became 800 ms slower: every packet is late
    deaf = rig.talk(DEAF_AFTER - 5)
    assert nobody == rig.peer.health().restarts == 0
    assert level(deaf[-5:]) < 0.01
    rig.talk(10)
    assert rig.peer.health().restarts == 1
    assert level(rig.talk(100)[-20:]) == pytest.approx(0.212, rel=0.05)


def test_a_second_source_does_not_talk_over_the_first() -> None:
    rig = Rig()
    for _ in range(50):
        rig.speak()
        rig.speak(ssrc=10)
        rig.number -= 1
        rig.tick()
    assert rig.peer.health().packets == 50
    assert level(rig.talk(20)[-10:]) == pytest.approx(0.212, rel=0.05)


def test_a_new_source_is_heard_once_the_old_one_is_gone() -> None:
    rig = Rig()
    rig.talk(50)
    rig.clock.advance(SWITCH_AFTER)
    for _ in range(50):
        rig.speak(ssrc=10)
        block = rig.tick()
    assert block is not None
    assert level([block]) == pytest.approx(0.212, rel=0.05)


def test_three_seconds_without_packets_are_silence_and_a_packet_ends_it() -> None:
    rig = Rig()
    rig.talk(50)
    for _ in range(155):
        rig.tick()
    assert rig.peer.health().state == "silent"
    assert rig.peer.health().last_packet_age > 3
    rig.speak()
    assert rig.peer.health().state == "connected"


def test_the_level_is_known_before_the_sound() -> None:
    rig = Rig()
    rig.speak()
    assert rig.peer.level is not None
    assert (rig.peer.level.voice, rig.peer.level.below_full_scale) == (True, 16)


def test_sent_packets_follow_each_other() -> None:
    rig = Rig()
    for _ in range(70):
        rig.peer.send(b"opus")
        rig.clock.advance(TICK)
    sent = rig.wire.media()
    steps = {
        ((b.sequence - a.sequence) & 0xFFFF, (b.timestamp - a.timestamp) & 0xFFFFFFFF) for a, b in pairwise(sent)
    }
    assert steps == {(1, 960)}
    assert [packet.marker for packet in sent[:2]] == [True, False]
    assert {packet.ssrc for packet in sent} == {rig.peer.ssrc}


def test_after_a_pause_the_timestamp_has_gone_on() -> None:
    rig = Rig()
    rig.peer.send(b"opus")
    rig.clock.advance(2.0)
    rig.peer.send(b"opus")
    first, second = rig.wire.media()
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 96_000
    assert second.sequence == (first.sequence + 1) & 0xFFFF
    assert second.marker


def test_who_only_sends_is_sent_reports_alone() -> None:
    rig = Rig(sends_back=False)
    rig.talk(200)
    rig.peer.send(b"opus")
    assert rig.wire.media() == []
    reports = [parse_rtcp(data) for data in rig.wire.sent]
    assert 2 <= len(reports) <= 9
    assert all(isinstance(report[0], ReceiverReport) for report in reports)


def test_reports_tell_what_was_lost_and_what_was_sent() -> None:
    rig = Rig()
    for n in range(500):
        rig.speak(lost=n % 4 == 1)
        rig.peer.send(b"opus")
        rig.tick()
    last = [parse_rtcp(data) for data in rig.wire.sent if is_rtcp(data)][-1][0]
    assert isinstance(last, SenderReport)
    assert last.packets > 400
    assert last.blocks[0].ssrc == 9
    assert last.blocks[0].fraction_lost == pytest.approx(64, abs=12)


def test_the_round_trip_is_measured_from_their_report() -> None:
    rig = Rig()
    rig.talk(3)
    sent_at = ntp_time(rig.clock.now())
    rig.clock.advance(0.25)
    block = ReportBlock(rig.peer.ssrc, 128, 5, 10, 0, middle(sent_at), 0x1999)  # they held it for 0.1 s
    assert rig.wire.on_rtcp is not None
    rig.wire.on_rtcp(build_rtcp((ReceiverReport(9, (block,)),)), 0.0)
    health = rig.peer.health()
    assert health.round_trip_ms == pytest.approx(150, abs=2)
    assert health.returned_loss == 0.5


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\xc8\xff\xff", b"\x00" * 40, b"\x9f\x6f" + bytes(10)])
def test_broken_bytes_are_counted_and_forgotten(data: bytes) -> None:
    rig = Rig()
    assert rig.wire.on_rtp is not None
    assert rig.wire.on_rtcp is not None
    rig.wire.on_rtp(data, 0.0)
    rig.wire.on_rtcp(data, 0.0)
    assert level(rig.talk(60)[-20:]) == pytest.approx(0.212, rel=0.05)


async def test_closing_says_goodbye_and_tells_who_waits() -> None:
    rig = Rig()
    await rig.peer.close()
    assert rig.wire.closed
    assert rig.peer.closed.is_set()
    assert rig.peer.health().state == "closed"
    assert parse_rtcp(rig.wire.sent[-1])[-1] == Goodbye((rig.peer.ssrc,))
    rig.peer.send(b"opus")
    assert rig.wire.media() == []


def test_two_blocks_blend_into_one_without_a_step() -> None:
    one, other = np.full(960, 0.5, np.float32), np.full(960, -0.5, np.float32)
    blended = blend(one, other)
    assert blended.shape == (960,)
    assert (blended[0], blended[-1]) == (0.5, -0.5)
    assert np.abs(np.diff(blended)).max() < 0.002
