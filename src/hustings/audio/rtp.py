"""RTP packets as values (RFC 3550 §5, RFC 8285 header extensions, RFC 6464 audio level).

Whatever bytes arrive, parsing gives a packet or raises RtpBroken, nothing else. It never keeps state.
"""

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from hustings.base.errors import Invalid

_FIXED: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")
_ONE_BYTE: Final = 0xBEDE
_TWO_BYTE: Final = 0x1000  # the lower four bits are the application's
_NO_EXTENSIONS: Final[Mapping[int, bytes]] = MappingProxyType({})


class RtpBroken(Invalid):
    """The bytes are no RTP or RTCP packet; count them and go on."""

    code = "rtp_broken"


class AudioLevel(NamedTuple):
    """What the sender says of one packet: `voice` as it judges, loudness in dB below full scale (0..127)."""

    voice: bool
    below_full_scale: int


class RtpPacket(NamedTuple):
    payload_type: int
    sequence: int  # 16 bits
    timestamp: int  # 32 bits
    ssrc: int
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extensions: Mapping[int, bytes] = _NO_EXTENSIONS

    def audio_level(self, extension: int | None) -> AudioLevel | None:
        """RFC 6464's value under the negotiated id, if this packet carries it."""
        value = self.extensions.get(extension) if extension is not None else None
        return AudioLevel(bool(value[0] & 0x80), value[0] & 0x7F) if value else None


def is_rtcp(data: bytes) -> bool:
    """RTP and RTCP share a port (RFC 5761 §4): the second byte of RTCP is 192 to 223."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse_rtp(data: bytes) -> RtpPacket:
    """Raises RtpBroken. Padding is removed; a packet of padding alone has an empty payload and is valid."""
    if len(data) < _FIXED.size or data[0] >> 6 != 2:
        raise RtpBroken("These bytes are no RTP packet.")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    start = _FIXED.size + 4 * (first & 0x0F)
    if start > len(data):
        raise RtpBroken("The RTP packet is shorter than its list of sources.")
    csrcs = struct.unpack_from(f"!{first & 0x0F}I", data, _FIXED.size) if first & 0x0F else ()
    extensions = _NO_EXTENSIONS
    if first & 0x10:
        start, extensions = _parse_extension(data, start)
    end = len(data) - (_padding(data, start) if first & 0x20 else 0)
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=data[start:end],
        marker=bool(second & 0x80),
        csrcs=csrcs,
        extensions=extensions,
    )


def _padding(data: bytes, start: int) -> int:
    count = data[-1] if len(data) > start else 0
    if not 0 < count <= len(data) - start:
        raise RtpBroken("The RTP packet's padding is longer than the packet.")
    return count


def _parse_extension(data: bytes, start: int) -> tuple[int, dict[int, bytes]]:
    if start + _EXTENSION.size > len(data):
        raise RtpBroken("The RTP packet ends within its header extension.")
    profile, words = _EXTENSION.unpack_from(data, start)
    begin = start + _EXTENSION.size
    end = begin + 4 * words
    if end > len(data):
        raise RtpBroken("The RTP packet ends within its header extension.")
    if profile == _ONE_BYTE:
        return end, _one_byte(data[begin:end])
    if profile & 0xFFF0 == _TWO_BYTE:
        return end, _two_byte(data[begin:end])
    return end, {}


def _one_byte(data: bytes) -> dict[int, bytes]:
    """RFC 8285 §4.2: id 0 is padding, id 15 ends the list, the length is one less than the bytes."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        identifier, length = data[at] >> 4, (data[at] & 0x0F) + 1
        at += 1
        if identifier == 15:
            break
        if identifier != 0:
            found[identifier] = data[at : at + length]
            at += length
    return found


def _two_byte(data: bytes) -> dict[int, bytes]:
    """RFC 8285 §4.3."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(data):
        if data[at] == 0:
            at += 1
            continue
        length = data[at + 1]
        found[data[at]] = data[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def build_rtp(packet: RtpPacket) -> bytes:
    """The packet's bytes; extensions in the one-byte form (ids 1..14, values of 1..16 bytes)."""
    extension = _build_extensions(packet.extensions)
    first = 0x80 | (0x10 if extension else 0) | len(packet.csrcs)
    second = (0x80 if packet.marker else 0) | packet.payload_type
    header = _FIXED.pack(first, second, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, packet.ssrc)
    csrcs = struct.pack(f"!{len(packet.csrcs)}I", *packet.csrcs) if packet.csrcs else b""
    return header + csrcs + extension + packet.payload


def _build_extensions(extensions: Mapping[int, bytes]) -> bytes:
    if not extensions:
        return b""
    body = b"".join(bytes([(number << 4) | (len(value) - 1)]) + value for number, value in extensions.items())
    body += bytes(-len(body) % 4)
    return _EXTENSION.pack(_ONE_BYTE, len(body) // 4) + body


def unwrap(value: int, near: int, bits: int) -> int:
    """The number congruent to `value` modulo 2**bits that is nearest to `near`: sequence and timestamp wraps."""
    half = 1 << (bits - 1)
    return near + ((value - near + half) & ((1 << bits) - 1)) - half
