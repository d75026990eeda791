"""Packets opened: what the speaker sealed, and nothing of what others make of it."""

import pylibsrtp
import pytest

from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.audio.rtp_control import Goodbye, ReceiverReport, build_rtcp
from hustings.stage.srtp import LONGEST, SOURCES, Opener, seal

KEY = bytes(range(30))


def session(kind: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=KEY, ssrc_type=kind)
    policy.allow_repeat_tx, policy.window_size = True, 1024
    return pylibsrtp.Session(policy)


class Line:
    """A speaker's sealing and a stage's opening."""

    def __init__(self) -> None:
        self._out = session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self.opener = Opener(session(pylibsrtp.Policy.SSRC_ANY_INBOUND))

    def sealed(self, data: bytes) -> bytes:
        sealed = seal(self._out, data)
        assert sealed is not None
        return sealed


def packet(number: int, ssrc: int = 9) -> bytes:
    return build_rtp(RtpPacket(111, number, number * 960, ssrc, b"opus"))


def test_what_was_sealed_is_opened() -> None:
    line = Line()
    report = build_rtcp((ReceiverReport(9), Goodbye((9,))))
    assert line.opener.open(line.sealed(packet(1))) == packet(1)
    assert line.opener.open(line.sealed(report)) == report


def test_what_is_no_packet_is_not_sealed() -> None:
    assert seal(session(pylibsrtp.Policy.SSRC_ANY_OUTBOUND), b"\x80") is None


def test_a_replayed_packet_is_not_opened_again() -> None:
    line = Line()
    captured = line.sealed(packet(1))
    assert line.opener.open(captured) is not None
    assert line.opener.open(captured) is None


@pytest.mark.parametrize("cut", [1, 5, 16])
def test_a_truncated_packet_is_not_opened(cut: int) -> None:
    line = Line()
    assert line.opener.open(line.sealed(packet(1))[:-cut]) is None


@pytest.mark.parametrize("at", [0, 2, 5, 9, 13, -1])
def test_a_changed_bit_is_found(at: int) -> None:
    line = Line()
    changed = bytearray(line.sealed(packet(1)))
    changed[at] ^= 1
    assert line.opener.open(bytes(changed)) is None


def test_a_datagram_longer_than_any_packet_is_passed_over() -> None:
    line = Line()
    assert line.opener.open(packet(1) + bytes(LONGEST)) is None
    assert line.opener.open(line.sealed(packet(2))) is not None


def test_reordered_packets_are_opened() -> None:
    line = Line()
    captured = [line.sealed(packet(number)) for number in range(200)]
    assert all(line.opener.open(data) for data in reversed(captured))


def test_a_new_source_in_each_packet_is_opened_and_forgotten() -> None:
    line = Line()
    assert all(line.opener.open(line.sealed(packet(1, ssrc))) for ssrc in range(300))
    assert len(line.opener._sources) == SOURCES
    with pytest.raises(pylibsrtp.Error):  # libsrtp has forgotten it too
        line.opener._session.remove_stream(0)
    line.opener._session.remove_stream(299)


def test_forged_sources_displace_nobody() -> None:
    line = Line()
    captured = line.sealed(packet(1))
    assert line.opener.open(captured) is not None
    for ssrc in range(100, 100 + 2 * SOURCES):
        assert line.opener.open(packet(1, ssrc) + bytes(10)) is None
    assert line.opener.open(captured) is None  # its source is remembered, and what it said
