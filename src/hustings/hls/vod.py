"""The replay's playlist: which segments a recording has, and the text that lists them.

Segments stand on a grid of the whole recording, so a name is always the same bytes, trimmed or not: trimming
replaces the one segment it cuts into by a shorter one with a name of its own. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hustings.base.grid import PART, PARTS_PER_SEGMENT, SAMPLE_RATE, SEGMENT

INIT_NAME = "init.mp4"


@dataclass(frozen=True, slots=True)
class VodSegment:
    """Packets `first` to `stop` (excluded) of the recording."""

    name: str
    first: int
    stop: int
    number: int

    def seconds(self, frame: int) -> float:
        return (self.stop - self.first) * frame / SAMPLE_RATE


def vod_segments(packets: int, frame: int, skip_parts: int = 0) -> list[VodSegment]:
    """The segments of `packets` packets of `frame` samples, without the first `skip_parts` parts."""
    whole, start = SEGMENT // frame, skip_parts * PART // frame
    segments = []
    for number in range(start // whole, -(-packets // whole)):
        first, stop = max(start, number * whole), min(packets, (number + 1) * whole)
        cut = skip_parts % PARTS_PER_SEGMENT if first > number * whole else 0
        segments.append(VodSegment(f"seg-{number}-{cut}.m4s" if cut else f"seg-{number}.m4s", first, stop, number))
    return segments


def vod_playlist(segments: Sequence[VodSegment], frame: int, prefix: str = "replay/") -> str:
    """`replay.m3u8`; names stand below `prefix`, as the edge serves them."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f'#EXT-X-MAP:URI="{prefix}{INIT_NAME}"',
    ]
    for segment in segments:
        lines += [f"#EXTINF:{segment.seconds(frame):.5f},", prefix + segment.name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
