"""The live window of one rendition: the last parts on the grid, and the segments they make.

It holds no gap: whoever adds parts fills the grid first (edge/filling.py). Never reads a clock and never
encodes; what is older than the window is forgotten.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hustings.base import grid
from hustings.base.errors import HustingsError
from hustings.hls.names import part_name, segment_name

LISTED = 18  # segments in a playlist: 69 s, above the 60 s that delta updates need
KEPT = 2 * LISTED  # segments that can still be fetched: RFC 8216bis 6.2.2 asks for the playlist's length again


class OffGrid(HustingsError):
    """A part was added that does not follow the one before; the caller must fill the grid first."""

    code = "off_grid"


@dataclass(frozen=True, slots=True)
class MediaPart:
    """One part's bytes (moof and mdat) and where they stand."""

    number: int
    epoch: str
    data: bytes

    @property
    def name(self) -> str:
        return part_name(self.number, self.epoch)


@dataclass(frozen=True)
class Segment:
    """Four parts, fewer only in a programme's last segment."""

    msn: int
    parts: tuple[MediaPart, ...]

    @cached_property
    def name(self) -> str:
        return segment_name(self.msn, [part.epoch for part in self.parts])

    @property
    def seconds(self) -> float:
        return len(self.parts) * grid.PART_SECONDS

    @cached_property
    def data(self) -> bytes:
        """Joined for the first who asks: where all listen at low latency nobody does."""
        return b"".join(part.data for part in self.parts)


class Window:
    """Parts in, segments out, in grid order."""

    def __init__(self, listed: int = LISTED, kept: int = KEPT) -> None:
        self._listed = listed
        self._segments: deque[Segment] = deque(maxlen=kept)
        self._open: list[MediaPart] = []
        self._by_name: dict[str, MediaPart | Segment] = {}
        self.next_number: int | None = None
        self.ended = False

    @property
    def segments(self) -> Sequence[Segment]:
        """The finished segments a playlist lists, oldest first."""
        return list(self._segments)[-self._listed :]

    @property
    def open_parts(self) -> Sequence[MediaPart]:
        """Parts of the segment that is not finished yet."""
        return self._open

    @property
    def last_part(self) -> MediaPart | None:
        if self._open:
            return self._open[-1]
        return self._segments[-1].parts[-1] if self._segments else None

    def add(self, part: MediaPart) -> bool:
        """Append the next part; False if it belongs to a segment whose beginning nobody here has heard.

        Raises OffGrid if it does not follow the last part, or if the programme has ended.
        """
        if self.next_number is None:
            if part.number % grid.PARTS_PER_SEGMENT:
                return False
        elif self.ended or part.number != self.next_number:
            raise OffGrid(f"Part {part.number} cannot follow; part {self.next_number} is due.")
        self.next_number = part.number + 1
        self._open.append(part)
        self._by_name[part.name] = part
        if len(self._open) == grid.PARTS_PER_SEGMENT:
            self._close_segment()
        return True

    def end(self) -> None:
        """The programme is over: what is open becomes a last, short segment. Nothing can be added after."""
        if self._open:
            self._close_segment()
        self.ended = True

    def find(self, name: str) -> bytes | None:
        """The bytes of a part or segment that is still kept."""
        found = self._by_name.get(name)
        if found is None:
            return None
        return found.data

    def _close_segment(self) -> None:
        if len(self._segments) == self._segments.maxlen:
            self._forget(self._segments[0])
        segment = Segment(grid.segment_of(self._open[0].number), tuple(self._open))
        self._segments.append(segment)
        self._by_name[segment.name] = segment
        self._open = []

    def _forget(self, segment: Segment) -> None:
        del self._by_name[segment.name]
        for part in segment.parts:
            del self._by_name[part.name]
