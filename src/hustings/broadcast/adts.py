"""AAC in ADTS (ISO/IEC 14496-3, 1.A.2): seven bytes before each packet, so that a file cut off anywhere reads.

Only for AAC-LC, mono, 48 kHz, without checksums: what the recorder writes. Pure.
"""

from array import array
from collections.abc import Iterator

HEADER = 7
_LONGEST = 0x1FFF  # bytes, header included: the field has 13 bits
# sync word, MPEG-4, no CRC; AAC-LC, sampling index 3 (48 kHz), one channel; buffer fullness 0x7FF, one raw block
_FIXED = 0xFFF1_4C40_001F_FC


def frame(packet: bytes) -> bytes:
    """One packet behind its header."""
    length = len(packet) + HEADER
    if length > _LONGEST:
        raise ValueError("an AAC packet is too long for ADTS")
    return (_FIXED | length << 13).to_bytes(HEADER, "big") + packet


def starts(data: bytes) -> "array[int]":
    """Where each whole frame begins, and where the last one ends; a torn end is left out."""
    found = array("Q", [0])
    at = 0
    while at + HEADER <= len(data) and data[at] == 0xFF and data[at + 1] == 0xF1:
        length = (data[at + 3] & 0x03) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        at += length
        if length < HEADER or at > len(data):
            break
        found.append(at)
    return found


class AdtsFile:
    """The packets of a file's bytes, copied only when they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = starts(data)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def packets(self, first: int, stop: int) -> Iterator[bytes]:
        """Packets `first` to `stop`, the latter excluded."""
        for index in range(first, stop):
            yield self._data[self._starts[index] + HEADER : self._starts[index + 1]]
