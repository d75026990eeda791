"""RTP and RTCP: what is built is parsed, what is broken is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.audio.rtp import AudioLevel, RtpBroken, RtpPacket, build_rtp, is_rtcp, parse_rtp, unwrap
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
from hustings.audio.rtp_reception import Reception

WORD = st.integers(0, 0xFFFFFFFF)
PACKETS = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=WORD,
    ssrc=WORD,
    payload=st.binary(max_size=50),
    marker=st.booleans(),
    csrcs=st.lists(WORD, max_size=15).map(tuple),
    extensions=st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16), max_size=4),
)
BLOCKS = st.lists(
    st.builds(ReportBlock, WORD, st.integers(0, 255), st.integers(-(1 << 23), (1 << 23) - 1), WORD, WORD, WORD, WORD),
    max_size=4,
).map(tuple)
CONTROLS: st.SearchStrategy[Control] = st.one_of(
    st.builds(SenderReport, WORD, st.integers(0, (1 << 64) - 1), WORD, WORD, WORD, BLOCKS),
    st.builds(ReceiverReport, WORD, BLOCKS),
    st.builds(Description, WORD, st.text(max_size=40)),
    st.builds(Goodbye, st.lists(WORD, max_size=5).map(tuple)),
    st.builds(Other, st.just(206), st.integers(0, 31), st.binary(max_size=5).map(lambda data: data * 4)),
)


@given(PACKETS)
def test_a_built_packet_parses_to_itself(packet: RtpPacket) -> None:
    assert parse_rtp(build_rtp(packet)) == packet


@given(st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_rtp_broken(data: bytes) -> None:
    for parse in (parse_rtp, parse_rtcp):
        try:
            parse(data)
        except RtpBroken:
            continue


@given(PACKETS, st.integers(0, 400), st.integers(0, 255))
def test_a_packet_with_a_flipped_byte_is_a_packet_or_rtp_broken(packet: RtpPacket, at: int, value: int) -> None:
    data = bytearray(build_rtp(packet))
    data[at % len(data)] = value
    try:
        parse_rtp(bytes(data))
    except RtpBroken:
        return


@given(st.lists(CONTROLS, max_size=4).map(tuple), st.integers(0, 400), st.integers(0, 255))
def test_flipped_control_bytes_are_packets_or_rtp_broken(packets: tuple[Control, ...], at: int, value: int) -> None:
    data = bytearray(build_rtcp(packets) or b"\0")
    data[at % len(data)] = value
    try:
        parse_rtcp(bytes(data))
    except RtpBroken:
        return


@given(st.lists(CONTROLS, max_size=4).map(tuple))
def test_built_control_packets_parse_to_themselves(packets: tuple[Control, ...]) -> None:
    assert parse_rtcp(build_rtcp(packets)) == packets


def padded(packet: RtpPacket, count: int) -> bytes:
    data = bytearray(build_rtp(packet) + bytes(count - 1) + bytes([count]))
    data[0] |= 0x20
    return bytes(data)


PLAIN = RtpPacket(payload_type=111, sequence=7, timestamp=960, ssrc=1, payload=b"voice")


def test_padding_is_removed() -> None:
    assert parse_rtp(padded(PLAIN, 9)).payload == b"voice"


def test_a_packet_of_padding_alone_is_valid_and_empty() -> None:
    assert parse_rtp(padded(PLAIN._replace(payload=b""), 224)).payload == b""


@pytest.mark.parametrize("count", [0, 6, 200])
def test_padding_beyond_the_packet_is_refused(count: int) -> None:
    data = bytearray(build_rtp(PLAIN))
    data[0] |= 0x20
    data[-1] = count
    with pytest.raises(RtpBroken):
        parse_rtp(bytes(data))


def test_the_audio_level_is_read_in_both_forms_of_extension() -> None:
    one_byte = build_rtp(PLAIN._replace(extensions={1: b"\x94"}))
    two_byte = one_byte.replace(b"\xbe\xde\x00\x01\x10\x94\x00\x00", b"\x10\x00\x00\x01\x01\x01\x94\x00")
    assert two_byte != one_byte
    for data in (one_byte, two_byte):
        assert parse_rtp(data).audio_level(1) == AudioLevel(voice=True, below_full_scale=20)
        assert parse_rtp(data).audio_level(2) is None


def test_rtp_and_rtcp_are_told_apart() -> None:
    assert is_rtcp(build_rtcp((ReceiverReport(1),)))
    assert not is_rtcp(build_rtp(PLAIN._replace(marker=True)))


def test_numbers_unwrap_forwards_and_backwards() -> None:
    assert unwrap(3, 65_534, 16) == 65_539
    assert unwrap(65_534, 65_539, 16) == 65_534
    assert unwrap(100, 200, 32) == 100


def test_ntp_time_counts_from_1900() -> None:
    assert ntp_time(0.5) == (2_208_988_800 << 32) + (1 << 31)
    assert middle(ntp_time(0.5)) == ((2_208_988_800 & 0xFFFF) << 16) + 0x8000


def receive(reception: Reception, sequences: list[int]) -> None:
    for sequence in sequences:
        reception.add(sequence & 0xFFFF, (sequence * 960) & 0xFFFFFFFF, sequence * 0.02)


def test_nothing_lost_is_reported_as_nothing_lost() -> None:
    reception = Reception(5)
    receive(reception, list(range(65_500, 65_600)))
    block = reception.report()
    assert (block.fraction_lost, block.cumulative_lost, block.jitter) == (0, 0, 0)
    assert block.highest_sequence == 65_599


def test_a_quarter_lost_is_reported_once_as_a_fraction() -> None:
    reception = Reception(5)
    receive(reception, [n for n in range(101) if n % 4 != 2])
    assert reception.report().fraction_lost == pytest.approx(64, abs=2)
    receive(reception, list(range(101, 200)))
    block = reception.report()
    assert (block.fraction_lost, block.cumulative_lost) == (0, 25)


def test_jitter_is_measured_across_the_timestamps_wrap() -> None:
    reception = Reception(5)
    for n in range(200):
        late = 0.010 if n % 2 else 0.0
        reception.add(n, (0xFFFFF000 + n * 960) & 0xFFFFFFFF, n * 0.02 + late)
    assert reception.jitter_seconds == pytest.approx(0.010, rel=0.05)


def test_a_restarted_sender_is_not_a_loss() -> None:
    reception = Reception(5)
    receive(reception, list(range(100)))
    receive(reception, list(range(30_000, 30_100)))
    assert reception.report().cumulative_lost == 0


def test_the_last_report_is_echoed() -> None:
    reception = Reception(5)
    receive(reception, [1, 2])
    block = reception.report(last_report=0x12345678, since_last_report=0.5)
    assert (block.last_report, block.since_last_report) == (0x12345678, 32_768)
