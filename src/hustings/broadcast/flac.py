"""Cuts and joins FLAC (RFC 9639) without decoding: finds a recording's frames, numbers them anew, fills in silence.

Only for what our own encoder writes: frames of 4,608 samples, mono, 16 bit, 48 kHz, so a frame's header is known
from its number. An hour is joined in a fraction of a second; decoding and encoding it would take four. Pure.
"""

from collections.abc import Iterator

from hustings.base.grid import SAMPLE_RATE

FRAME = 4608  # samples
MARK = b"fLaC"
_STREAMINFO = 34  # bytes, section 8.2
# Section 9.1: sync, fixed block size; 4,608 samples at 48 kHz; one channel of 16 bits.
_FIXED = b"\xff\xf8\x5a\x08"
_CONSTANT_ZERO = b"\x00\x00\x00"  # one subframe, section 9.2.3: every sample is 0
_LONGEST = 16_384  # bytes: above a frame of plain samples


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    top, mask, crc = 1 << (bits - 1), (1 << bits) - 1, 0
    for byte in data:
        crc ^= byte << (bits - 8)
        for _ in range(8):
            crc = (crc << 1 ^ polynomial) & mask if crc & top else crc << 1 & mask
    return crc


def _crc16(data: bytes) -> int:
    return _crc(data, 0x8005, 16)


def _powers() -> list[int]:
    """x to the 8n, modulo CRC-16's polynomial: what n more bytes do to a checksum."""
    found = [1]
    for _ in range(_LONGEST):
        value = found[-1]
        for _ in range(8):
            value = (value << 1 ^ 0x8005) & 0xFFFF if value & 0x8000 else value << 1
        found.append(value)
    return found


_POWER = _powers()


def _times(left: int, right: int) -> int:
    """Product of two polynomials over GF(2), modulo CRC-16's."""
    product = 0
    while right:
        if right & 1:
            product ^= left
        left = (left << 1 ^ 0x8005) & 0xFFFF if left & 0x8000 else left << 1
        right >>= 1
    return product


def _coded(number: int) -> bytes:
    """A frame's number as section 9.1.5 codes it: UTF-8, stretched to 36 bits."""
    if number < 0x80:
        return bytes([number])
    tail = []
    room = 0x3F
    while number > room:
        tail.append(0x80 | number & 0x3F)
        number >>= 6
        room >>= 1
    lead = ~(2 * room + 1) & 0xFF
    return bytes([lead | number, *reversed(tail)])


def header(number: int) -> bytes:
    """The header of frame `number`."""
    plain = _FIXED + _coded(number)
    return plain + bytes([_crc(plain, 0x07, 8)])


def silence(number: int) -> bytes:
    """Frame `number`, of zeros."""
    frame = header(number) + _CONSTANT_ZERO
    return frame + _crc16(frame).to_bytes(2, "big")


def renumber(frame: bytes, old: int, new: int) -> bytes:
    """The same frame under another number. Its checksum is moved on, not computed from its samples."""
    if old == new:
        return frame
    before, after = header(old), header(new)
    body = frame[len(before) : -2]
    change = _times(_crc16(before) ^ _crc16(after), _POWER[len(body)])
    checksum = int.from_bytes(frame[-2:], "big") ^ change
    return after + body + checksum.to_bytes(2, "big")


def stream_header(samples: int, title: str) -> bytes:
    """`fLaC`, STREAMINFO and the title of a whole stream; frame sizes and the samples' MD5 are given as unknown."""
    sizes = FRAME.to_bytes(2, "big") * 2 + bytes(6)
    described = SAMPLE_RATE << 44 | 0 << 41 | 15 << 36 | samples
    return MARK + bytes([0, 0, 0, _STREAMINFO]) + sizes + described.to_bytes(8, "big") + bytes(16) + _tags(title)


def _tags(title: str) -> bytes:
    """The last metadata block: a Vorbis comment, section 8.6. Lengths are little-endian there, and only there."""
    told = [b"Hustings", f"TITLE={title}".encode()]
    vendor, comment = (len(text).to_bytes(4, "little") + text for text in told)
    block = vendor + (1).to_bytes(4, "little") + comment
    return b"\x84" + len(block).to_bytes(3, "big") + block


def frames(data: bytes) -> Iterator[bytes]:
    """The whole frames of a file as the recorder wrote it, numbered from 0. A torn last one is left out."""
    start = data.find(header(0), 0, 8192)
    number = 0
    while start >= 0:
        following = data.find(header(number + 1), start + 8, start + _LONGEST)
        if following < 0:
            break
        yield data[start:following]
        start, number = following, number + 1
    if start >= 0 and _crc16(data[start:]) == 0:  # a checksum over a message and its checksum is 0
        yield data[start:]
