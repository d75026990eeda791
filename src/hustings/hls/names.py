"""Names of media resources: the same name is always the same bytes, on every edge and after every restart.

So they may be cached for a year. A part is named by its number on the grid and the epoch of the run that made
it; a segment by its number and its parts' epochs. Never looks at a clock.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hustings.base import grid
from hustings.hls.fmp4 import init_hash

HOLD_MARK = "h"  # first letter of the epoch of a part the edge made from the hold loop
NO_PART = "0"  # stands for the epoch of a part that a programme's last segment does not have
_EPOCH = r"[A-Za-z0-9]{1,40}"
_INIT = re.compile(r"init-[0-9a-f]{16}\.mp4")
_PART = re.compile(rf"p(\d{{1,12}})-({_EPOCH})\.m4s")
_SEGMENT = re.compile(rf"s(\d{{1,12}})-({_EPOCH}(?:\.{_EPOCH}){{0,3}})\.m4s")


@dataclass(frozen=True, slots=True)
class InitName:
    name: str


@dataclass(frozen=True, slots=True)
class PartName:
    number: int
    epoch: str


@dataclass(frozen=True, slots=True)
class SegmentName:
    msn: int
    epochs: tuple[str, ...]


MediaName = InitName | PartName | SegmentName


def init_name(data: bytes) -> str:
    return f"init-{init_hash(data)}.mp4"


def part_name(number: int, epoch: str) -> str:
    return f"p{number}-{epoch}.m4s"


def segment_name(msn: int, epochs: Sequence[str]) -> str:
    """One epoch stands for four equal ones; parts that a short last segment lacks are named NO_PART."""
    told = [*epochs, *[NO_PART] * (grid.PARTS_PER_SEGMENT - len(epochs))]
    return f"s{msn}-{told[0] if len(set(told)) == 1 else '.'.join(told)}.m4s"


def hold_epoch(loop: Sequence[bytes]) -> str:
    """The epoch of parts cut from this hold loop: told by its bytes, so that every edge says the same."""
    digest = hashlib.blake2b(digest_size=8)
    for data in loop:
        digest.update(len(data).to_bytes(4, "big") + data)
    return HOLD_MARK + digest.hexdigest()


def parse_name(name: str) -> MediaName | None:
    """What a media file's name asks for; None if no such name is ever given out."""
    if match := _PART.fullmatch(name):
        return PartName(int(match[1]), match[2])
    if match := _SEGMENT.fullmatch(name):
        return SegmentName(int(match[1]), tuple(match[2].split(".")))
    return InitName(name) if _INIT.fullmatch(name) else None
