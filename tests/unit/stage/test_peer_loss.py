"""A peer on a network that loses packets, in virtual time: what is found again, asked for, said twice."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from tests.support.memory_wire import MemoryWire

from hustings.audio.level import Samples
from hustings.audio.red import Block, build_red, parse_red
from hustings.audio.retransmission import GENERIC_NACK, TRANSPORT_FEEDBACK, build_nack, parse_nack
from hustings.audio.rtp import RtpPacket, build_rtp, is_rtcp
from hustings.audio.rtp_control import Other, ReceiverReport, ReportBlock, SenderReport, build_rtcp, parse_rtcp
from hustings.base.clock import ManualClock
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Negotiated, Peer
from hustings.stage.sender import LOSSY_FOR, TIMES

TICK = 0.020
OPUS, RED, SPEAKER = 111, 63, 9
Lost = Callable[[int], bool]


class Rig:
    """A peer and a browser that says everything twice and answers requests after `round_trip` ticks."""

    def __init__(self, *, red: bool = True, nack: bool = True, round_trip: int = 1) -> None:
        self.clock = ManualClock()
        self.wire = MemoryWire()
        self.peer = Peer("session", self.wire, Negotiated(OPUS, 1, True, RED if red else None, nack), self.clock)
        self.peer.opened()
        self.kept: list[bytes] = []
        self.peer.on_packet = self.kept.append
        self.sent: dict[int, bytes] = {}
        self.frames: list[bytes] = []
        self._red = red
        self._round_trip = round_trip
        self._asked: list[tuple[int, int]] = []  # tick of the answer, sequence
        self._seen = 0
        self._encoder = OpusEncoder()
        self._noise = np.random.default_rng(1)
        self.tick = 0

    def _packet(self) -> bytes:
        at = np.arange(self.tick * 960, (self.tick + 1) * 960) / 48_000
        hiss = self._noise.normal(0, 0.01, 960)  # no two frames are alike
        frame = self._encoder.encode((0.3 * np.sin(2 * np.pi * 440 * at) + hiss).astype(np.float32))
        payload = frame
        if self._red:
            older = tuple(Block(OPUS, 960, before) for before in self.frames[-1:])
            payload = build_red((*older, Block(OPUS, 0, frame)))
        self.frames.append(frame)
        sequence = (65_500 + self.tick) & 0xFFFF
        kind = RED if self._red else OPUS
        self.sent[sequence] = build_rtp(RtpPacket(kind, sequence, (self.tick * 960) & 0xFFFFFFFF, SPEAKER, payload))
        return self.sent[sequence]

    def requests(self) -> list[int]:
        """Every sequence that was asked for so far, in order."""
        found: list[int] = []
        for data in self.wire.sent:
            for packet in parse_rtcp(data) if is_rtcp(data) else ():
                if isinstance(packet, Other) and (packet.kind, packet.count) == (TRANSPORT_FEEDBACK, GENERIC_NACK):
                    found += parse_nack(packet.body)[1]
        return found

    def _answer(self) -> None:
        asked = self.requests()
        self._asked += [(self.tick + self._round_trip, sequence) for sequence in asked[self._seen :]]
        self._seen = len(asked)
        for due, sequence in self._asked:
            if due == self.tick and sequence in self.sent:
                self.wire.deliver(self.sent[sequence])

    def talk(self, ticks: int, lost: Lost) -> list[Samples | None]:
        heard = []
        for _ in range(ticks):
            data = self._packet()
            if not lost(self.tick):
                self.wire.deliver(data)
            self._answer()
            heard.append(self.peer.pull())
            self.tick += 1
            self.clock.advance(TICK)
        return heard


def never(_: int) -> bool:
    return False


def one_in_ten(tick: int) -> bool:
    return tick % 10 == 5


def in_pairs(tick: int) -> bool:
    return tick % 20 in {5, 6, 7} and tick > 100


def test_a_frame_that_was_said_twice_is_not_missed() -> None:
    rig = Rig(nack=False)
    rig.talk(500, one_in_ten)
    assert rig.kept == rig.frames[: len(rig.kept)]
    health = rig.peer.health()
    assert health.recovered == 50
    assert health.concealed < 0.001
    assert health.loss == pytest.approx(0.1, abs=0.03)  # told all the same


def test_a_longer_hole_is_asked_for_and_played_in_order() -> None:
    rig = Rig()
    rig.talk(2000, in_pairs)
    assert set(rig.requests()) == {(65_500 + n) & 0xFFFF for n in range(2000) if n % 20 in {5, 6} and n > 100}
    late = rig.kept[1200:]
    start = rig.frames.index(late[0])
    assert late == rig.frames[start : start + len(late)]


def test_without_redundancy_asking_alone_finds_them() -> None:
    rig = Rig(red=False)
    rig.talk(2000, one_in_ten)
    assert rig.peer.health().concealed < 0.01
    assert rig.peer.health().recovered > 190


def test_who_repeats_nothing_is_not_asked() -> None:
    rig = Rig(nack=False)
    rig.talk(300, in_pairs)
    assert rig.requests() == []


def test_a_repeated_packet_is_told_as_lost() -> None:
    rig = Rig(red=False)
    rig.talk(500, one_in_ten)
    reports = [parse_rtcp(data)[0] for data in rig.wire.sent if is_rtcp(data)]
    told = [r.blocks[0].cumulative_lost for r in reports if isinstance(r, ReceiverReport | SenderReport)]
    assert told[-1] == pytest.approx(50, abs=10)


def test_the_delay_does_not_grow_for_an_answer_that_never_helps() -> None:
    rig = Rig(red=False, round_trip=25)
    rig.talk(1500, one_in_ten)
    assert rig.peer.health().depth_ms < 90


@pytest.mark.parametrize("payload", [b"\xef", b"\xef\x0f\x03\xff\x6f", b"\xff" * 50, b"\xef\x0f\x00\x01\x6f\x03"])
def test_a_lying_redundant_packet_costs_nothing_but_itself(payload: bytes) -> None:
    rig = Rig()
    rig.talk(50, never)
    for n in range(200):
        rig.wire.deliver(build_rtp(RtpPacket(RED, (40_000 + n) & 0xFFFF, 0, SPEAKER + 1, payload)))
    heard = rig.talk(100, never)[-20:]
    assert all(block is not None and np.abs(block).max() > 0.2 for block in heard)


def _report(rig: Rig, share: float) -> None:
    assert rig.wire.on_rtcp is not None
    rig.wire.on_rtcp(
        build_rtcp((ReceiverReport(SPEAKER, (ReportBlock(rig.peer.ssrc, int(share * 256), 1, 1, 0),)),)), 0.0
    )


def _sent(rig: Rig, frames: Iterable[bytes]) -> list[RtpPacket]:
    before = len(rig.wire.media())
    for frame in frames:
        rig.peer.send(frame)
        rig.clock.advance(TICK)
    return rig.wire.media()[before:]


def test_frames_are_said_twice_to_who_reports_loss_and_once_when_it_is_over() -> None:
    rig = Rig()
    assert {p.payload_type for p in _sent(rig, [b"a", b"b"])} == {OPUS}
    _report(rig, 0.05)
    twice = _sent(rig, [b"c", b"d"])
    assert [parse_red(p.payload) for p in twice] == [
        (Block(OPUS, 960, b"b"), Block(OPUS, 0, b"c")),
        (Block(OPUS, 960, b"c"), Block(OPUS, 0, b"d")),
    ]
    rig.clock.advance(LOSSY_FOR)
    assert {p.payload_type for p in _sent(rig, [b"e", b"f"])} == {OPUS}


def test_who_reads_no_redundancy_is_sent_none() -> None:
    rig = Rig(red=False)
    _report(rig, 0.5)
    assert {p.payload_type for p in _sent(rig, [b"a", b"b", b"c"])} == {OPUS}


def _ask(rig: Rig, *sequences: int) -> None:
    assert rig.wire.on_rtcp is not None
    body = build_nack(SPEAKER, rig.peer.ssrc, sequences)
    rig.wire.on_rtcp(build_rtcp((Other(TRANSPORT_FEEDBACK, GENERIC_NACK, body),)), 0.0)


def test_a_packet_that_is_asked_for_is_sent_again() -> None:
    rig = Rig()
    first, second, _ = _sent(rig, [b"a", b"b", b"c"])
    before = len(rig.wire.media())
    _ask(rig, first.sequence, second.sequence)
    assert rig.wire.media()[before:] == [first, second]


def test_a_flood_of_requests_is_answered_a_few_times_only() -> None:
    rig = Rig()
    packets = _sent(rig, [bytes([n % 250 + 1]) for n in range(200)])
    before = len(rig.wire.media())
    for _ in range(100):
        _ask(rig, *(packet.sequence for packet in packets[-30:]))
        rig.clock.advance(0.02)
    assert len(rig.wire.media()) - before == 30 * TIMES
    _ask(rig, packets[0].sequence)
    assert len(rig.wire.media()) - before == 30 * TIMES
