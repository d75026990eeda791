"""Reads and patches the boxes of CMAF parts (ISO/IEC 14496-12): where a part stands on the grid, and moving it.

An edge that lost its stage serves hold parts made beforehand; they play without a gap only if each says the
decode time of the place it fills. Never encodes, and knows no codec.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from hustings.base.errors import Invalid
from hustings.base.grid import PART

_CONTAINERS = {b"moof", b"traf"}
_TFHD_BASE_OFFSET, _TFHD_DESCRIPTION, _TFHD_DURATION = 0x01, 0x02, 0x08
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS, _TRUN_DURATION = 0x01, 0x04, 0x100


class NotFragment(Invalid):
    """The bytes are not one movie fragment of one track, as the packager makes them."""

    code = "not_fragment"


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int  # offset of its size field
    body: int  # offset of what follows its header
    end: int


@dataclass(frozen=True, slots=True)
class PartInfo:
    """What a part says of itself. Times in units of the track's timescale: samples at 48 kHz."""

    sequence: int  # mfhd sequence_number
    decode_time: int  # tfdt baseMediaDecodeTime
    frames: int  # packets in its one trun
    duration: int
    media: int  # bytes in its mdat


def _number(data: bytes | bytearray, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def boxes(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between two offsets, not descending. Raises NotFragment when sizes do not add up."""
    stop = len(data) if end is None else end
    while start < stop:
        size, header = _number(data, start, 4), 8
        if size == 1:
            size, header = _number(data, start + 8, 8), 16
        if size < header or start + size > stop:
            raise NotFragment("These bytes are not a sequence of whole MP4 boxes.")
        yield Box(bytes(data[start + 4 : start + 8]), start, start + header, start + size)
        start += size


def _find(data: bytes | bytearray) -> dict[bytes, Box]:
    """The boxes of one fragment by kind, inside its containers too."""
    found: dict[bytes, Box] = {}
    pending = list(boxes(data))
    while pending:
        box = pending.pop()
        if box.kind in found:
            raise NotFragment("A part holds exactly one fragment of one track.")
        found[box.kind] = box
        if box.kind in _CONTAINERS:
            pending += boxes(data, box.body, box.end)
    missing = {b"moof", b"mfhd", b"tfhd", b"tfdt", b"trun", b"mdat"} - set(found)
    if missing:
        raise NotFragment("A part needs the boxes mfhd, tfhd, tfdt, trun and mdat.")
    return found


def split_init(data: bytes) -> tuple[bytes, bytes]:
    """An MP4 stream as its initialisation segment (all before the first moof) and its fragments."""
    cut = next((box.start for box in boxes(data) if box.kind == b"moof"), len(data))
    return data[:cut], data[cut:]


def init_hash(init: bytes) -> str:
    """16 hexadecimal digits that name an initialisation segment: same bytes, same name."""
    return hashlib.blake2b(init, digest_size=8).hexdigest()


def _default_duration(data: bytes, tfhd: Box) -> int:
    flags = _number(data, tfhd.body + 1, 3)
    if not flags & _TFHD_DURATION:
        return 0
    skipped = 8 * bool(flags & _TFHD_BASE_OFFSET) + 4 * bool(flags & _TFHD_DESCRIPTION)
    return _number(data, tfhd.body + 8 + skipped, 4)


def _duration(data: bytes, found: dict[bytes, Box], frames: int) -> int:
    trun = found[b"trun"]
    flags = _number(data, trun.body + 1, 3)
    if not flags & _TRUN_DURATION:
        return frames * _default_duration(data, found[b"tfhd"])
    first = trun.body + 8 + 4 * bool(flags & _TRUN_DATA_OFFSET) + 4 * bool(flags & _TRUN_FIRST_FLAGS)
    row = 4 * (flags >> 8 & 0x0F).bit_count()
    return sum(_number(data, first + row * index, 4) for index in range(frames))


def part_info(data: bytes) -> PartInfo:
    """What a part says of itself. Raises NotFragment when it is not exactly one fragment of one track."""
    found = _find(data)
    tfdt, trun, mdat = found[b"tfdt"], found[b"trun"], found[b"mdat"]
    frames = _number(data, trun.body + 4, 4)
    return PartInfo(
        sequence=_number(data, found[b"mfhd"].body + 4, 4),
        decode_time=_number(data, tfdt.body + 4, 8 if data[tfdt.body] else 4),
        frames=frames,
        duration=_duration(data, found, frames),
        media=mdat.end - mdat.body,
    )


def sequence_of(number: int) -> int:
    """The mfhd sequence number of part `number`: from 1, in 32 bits."""
    return number % 0xFFFF_FFFF + 1


def retime(part: bytes, number: int) -> bytes:
    """The same part moved to place `number` of the grid: tfdt and sequence number set, media untouched."""
    found = _find(part)
    mfhd, tfdt = found[b"mfhd"], found[b"tfdt"]
    if part[tfdt.body] != 1:
        raise NotFragment("A part needs a 64-bit tfdt, so that a long programme does not wrap.")
    moved = bytearray(part)
    moved[mfhd.body + 4 : mfhd.body + 8] = sequence_of(number).to_bytes(4, "big")
    moved[tfdt.body + 4 : tfdt.body + 12] = (number * PART).to_bytes(8, "big")
    return bytes(moved)
