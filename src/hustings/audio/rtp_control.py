"""RTCP as values (RFC 3550 §6): sender and receiver reports, CNAME, BYE; feedback is kept as it came.

Whatever bytes arrive, parsing gives packets or raises RtpBroken, nothing else.
"""

import struct
from dataclasses import dataclass
from typing import Final, TypeAlias

from hustings.audio.rtp import RtpBroken

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
NTP_EPOCH: Final = 2_208_988_800  # seconds from 1900 to 1970
_BLOCK: Final = struct.Struct("!IB3sIIII")
_SENDER: Final = struct.Struct("!IQIII")
_CNAME: Final = 1


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver tells of one source (§6.4.1)."""

    ssrc: int
    fraction_lost: int  # of 256, since the last report
    cumulative_lost: int  # signed: duplicates make it shrink
    highest_sequence: int  # extended by the count of wraps
    jitter: int  # in timestamp units
    last_report: int = 0  # middle 32 bits of the NTP time of the last SR, 0 for none
    since_last_report: int = 0  # in 1/65536 s


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int  # 64 bits: seconds since 1900 and their fraction
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Feedback, extended reports and what is yet to be invented."""

    kind: int
    count: int
    body: bytes


Control: TypeAlias = SenderReport | ReceiverReport | Description | Goodbye | Other


def ntp_time(unix: float) -> int:
    """Unix seconds as the 64-bit NTP timestamp."""
    return int((unix + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """The middle 32 bits: what `last_report` repeats."""
    return (ntp >> 16) & 0xFFFFFFFF


def parse_rtcp(data: bytes) -> tuple[Control, ...]:
    """All packets of a compound (or reduced-size, RFC 5506) packet. Raises RtpBroken."""
    packets: list[Control] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise RtpBroken("These bytes are no RTCP packet.")
        count, kind = data[at] & 0x1F, data[at + 1]
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data):
            raise RtpBroken("The RTCP packet is shorter than it says.")
        body = data[at + 4 : end]
        if data[at] & 0x20:
            body = body[: len(body) - body[-1]] if body and body[-1] <= len(body) else b""
        packets += _parse_one(kind, count, body)
        at = end
    return tuple(packets)


def _parse_one(kind: int, count: int, body: bytes) -> list[Control]:
    try:
        if kind == SENDER_REPORT:
            ssrc, ntp, timestamp, sent, octets = _SENDER.unpack_from(body)
            return [SenderReport(ssrc, ntp, timestamp, sent, octets, _blocks(body[_SENDER.size :], count))]
        if kind == RECEIVER_REPORT:
            return [ReceiverReport(int.from_bytes(body[:4], "big"), _blocks(body[4:], count))]
        if kind == DESCRIPTION:
            return list(_descriptions(body, count))
        if kind == GOODBYE:
            return [Goodbye(struct.unpack_from(f"!{count}I", body))]
    except struct.error as error:
        raise RtpBroken("The RTCP packet is shorter than its content.") from error
    return [Other(kind, count, body)]


def _blocks(body: bytes, count: int) -> tuple[ReportBlock, ...]:
    found = []
    for number in range(count):
        ssrc, fraction, lost, highest, jitter, last, since = _BLOCK.unpack_from(body, number * _BLOCK.size)
        found.append(
            ReportBlock(ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, last, since)
        )
    return tuple(found)


def _descriptions(body: bytes, count: int) -> list[Description]:
    found = []
    at = 0
    for _ in range(count):
        ssrc = struct.unpack_from("!I", body, at)[0]
        at += 4
        while at < len(body) and body[at] != 0:
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                raise RtpBroken("The RTCP description ends within an item.")
            if body[at] == _CNAME:
                cname = body[at + 2 : at + 2 + body[at + 1]].decode(errors="replace")
                found.append(Description(ssrc, cname))
            at += 2 + body[at + 1]
        at += 4 - at % 4
    return found


def build_rtcp(packets: tuple[Control, ...]) -> bytes:
    """One compound packet."""
    return b"".join(_build_one(packet) for packet in packets)


def _build_one(packet: Control) -> bytes:
    match packet:
        case SenderReport():
            head = _SENDER.pack(
                packet.ssrc,
                packet.ntp,
                packet.timestamp & 0xFFFFFFFF,
                packet.packets & 0xFFFFFFFF,
                packet.octets & 0xFFFFFFFF,
            )
            return _wrap(SENDER_REPORT, len(packet.blocks), head + _build_blocks(packet.blocks))
        case ReceiverReport():
            head = struct.pack("!I", packet.ssrc)
            return _wrap(RECEIVER_REPORT, len(packet.blocks), head + _build_blocks(packet.blocks))
        case Description():
            name = packet.cname.encode()[:255]
            item = struct.pack("!IBB", packet.ssrc, _CNAME, len(name)) + name
            return _wrap(DESCRIPTION, 1, item + bytes(4 - len(item) % 4))
        case Goodbye():
            body = struct.pack(f"!{len(packet.sources)}I", *packet.sources)
            return _wrap(GOODBYE, len(packet.sources), body)
        case Other():
            return _wrap(packet.kind, packet.count, packet.body)


def _build_blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction_lost,
            max(-(1 << 23), min((1 << 23) - 1, block.cumulative_lost)).to_bytes(3, "big", signed=True),
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_report,
            block.since_last_report & 0xFFFFFFFF,
        )
        for block in blocks
    )


def _wrap(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
