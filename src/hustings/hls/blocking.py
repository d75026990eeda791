"""Whether a playlist request is answered, held or refused: RFC 8216bis 6.2.5.2, as values with reasons.

The attack it stops: a client that names segments of the far future, each a held request nobody ever answers.
Never waits itself and knows no clock.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

from hustings.base import grid

ADVANCE_SEGMENTS = 2  # `_HLS_msn` may exceed the last segment's number by this, 6.2.5.2
ADVANCE_PARTS = math.floor(3 / grid.PART_SECONDS)  # the Advance Part Limit, 6.2.5.2
MAX_WAIT = 12.0  # seconds: three target durations, then 503, 6.2.5.2
_REMEMBERED = 256  # query strings: all who listen ask one of a few, and made-up ones push each other out
_SHORT = 64  # characters: a longer one is no player's, and is not remembered
_DIGITS = 12  # longest number read: far above any part of any programme


@dataclass(frozen=True, slots=True)
class Directives:
    """What the query asks; `part` only beside `msn`."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Serve:
    """Answer with the playlist as it is."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Answer when part `number` of the grid is there."""

    number: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """400: `code` for programs, `because` for people."""

    code: Literal["malformed", "too_far"]
    because: str


Answer = Serve | Wait | Refuse


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a window's live edge stands."""

    last_segment: int | None  # number of the last finished segment
    next_part: int | None  # number of the first part that is not there yet
    ended: bool


def read_directives(query: str) -> Directives | Refuse:
    """Parse a query string; keys that are not ours are ignored (they split caches, that is all)."""
    return _read_once(query) if len(query) <= _SHORT else _read(query)


def _read(query: str) -> Directives | Refuse:
    fields = {key: value for key, value in parse_qsl(query, keep_blank_values=True) if key.startswith("_HLS_")}
    numbers: dict[str, int] = {}
    for key in ("_HLS_msn", "_HLS_part"):
        text = fields.get(key)
        if text is None:
            continue
        if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
            return Refuse("malformed", f"{key} must be a whole number.")
        numbers[key] = int(text)
    if "_HLS_part" in numbers and "_HLS_msn" not in numbers:
        return Refuse("malformed", "_HLS_part needs _HLS_msn beside it.")
    return Directives(numbers.get("_HLS_msn"), numbers.get("_HLS_part"), fields.get("_HLS_skip") in ("YES", "v2"))


_read_once = lru_cache(_REMEMBERED)(_read)


def decide(asked: Directives, edge: Edge) -> Answer:
    """Serve, hold until a part, or refuse.

    A request without directives is held until the first segment is finished: players reject an empty playlist.
    """
    if edge.ended:
        return Serve()
    if edge.next_part is None:
        return Wait(0) if asked.msn is None else Refuse("too_far", "Nothing has been published yet.")
    if asked.msn is None:
        return Serve() if edge.last_segment is not None else Wait(_segment_end(grid.segment_of(edge.next_part)))
    return _blocking(asked.msn, asked.part, edge, edge.next_part)


def _blocking(msn: int, part: int | None, edge: Edge, next_part: int) -> Answer:
    last = edge.last_segment if edge.last_segment is not None else grid.segment_of(next_part) - 1
    if msn > last + ADVANCE_SEGMENTS:
        return Refuse("too_far", f"Segment {msn} is too far ahead; the last one is {last}.")
    if part is None:
        number = _segment_end(msn)
    else:
        # A part index above a segment's last means the next segment's first (6.2.5.2).
        index = msn * grid.PARTS_PER_SEGMENT + part
        number = index if part < grid.PARTS_PER_SEGMENT else (msn + 1) * grid.PARTS_PER_SEGMENT
        if number - (next_part - 1) > ADVANCE_PARTS:
            return Refuse("too_far", f"Part {part} of segment {msn} is too far ahead.")
    return Serve() if number < next_part else Wait(number)


def _segment_end(msn: int) -> int:
    """The number of the last part of segment `msn`."""
    return (msn + 1) * grid.PARTS_PER_SEGMENT - 1
