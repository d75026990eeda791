"""Playlist text from a window: RFC 8216 and its second edition (draft-pantos-hls-rfc8216bis, low latency).

URIs are relative, so that a prefix or a CDN in front changes nothing. Never decides who may have a playlist
or when: that is hls/blocking.py and the edge.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from hustings.base import grid
from hustings.hls.renditions import Rendition
from hustings.hls.window import MediaPart, Segment, Window

TARGET_DURATION = 4  # seconds: 3.84 rounded, RFC 8216bis 4.4.3.1
HOLD_BACK = 3 * TARGET_DURATION  # at least three target durations, 4.4.3.8
PART_HOLD_BACK = 3 * grid.PART_SECONDS  # at least twice, better three times the part target, 4.4.3.8
SKIP_BOUNDARY = 6 * TARGET_DURATION  # at least six target durations, 4.4.3.8
PART_TAGS_WITHIN = 3 * TARGET_DURATION  # parts further from the end are listed no more, 6.2.2
CONTENT_TYPE = "application/vnd.apple.mpegurl"

_LL_VERSION = 9  # EXT-X-SKIP, section 8
_PLAIN_VERSION = 6  # EXT-X-MAP in a playlist of whole segments, section 8
_SEGMENT_MS = round(grid.SEGMENT_SECONDS * 1000)


def multivariant(renditions: Sequence[Rendition], form: str = "ll") -> str:
    """`live.m3u8`: one variant per rendition, each at `live/{name}/{form}.m3u8` beside it."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_PLAIN_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rendition in renditions:
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={rendition.bandwidth},"
            f'AVERAGE-BANDWIDTH={rendition.average_bandwidth},CODECS="{rendition.codecs}"'
        )
        lines.append(f"live/{rendition.name}/{form}.m3u8")
    return _text(lines)


def plain(window: Window, *, init: str, media: str, doors_at: float | None) -> str:
    """Finished segments only. `init` is the init segment's name, `media` the path before every name."""
    lines = _head(window, _PLAIN_VERSION)
    lines.append(f'#EXT-X-MAP:URI="{media}{init}"')
    for segment in window.segments:
        lines += _segment(segment, media, doors_at)
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    return _text(lines)


def low_latency(window: Window, *, init: str, media: str, doors_at: float | None, skip: bool = False) -> str:
    """As `plain`, with parts, a preload hint and blocking reload; `skip` asks for a delta update (6.2.5.1)."""
    lines = _head(window, _LL_VERSION)
    lines.append(
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_BOUNDARY},"
        f"HOLD-BACK={HOLD_BACK},PART-HOLD-BACK={PART_HOLD_BACK:.2f}"
    )
    lines.append(f"#EXT-X-PART-INF:PART-TARGET={grid.PART_SECONDS:.2f}")
    lines.append(f'#EXT-X-MAP:URI="{media}{init}"')
    segments = window.segments
    skipped = _skippable(segments) if skip and not window.ended else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    lines += _segments_with_parts(segments[skipped:], len(window.open_parts), media, doors_at)
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    else:
        lines += _open_segment(window, media, doors_at)
    return _text(lines)


def _head(window: Window, version: int) -> list[str]:
    segments = window.segments
    number = window.next_number or 0
    first = segments[0].msn if segments else grid.segment_of(number)
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{version}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-TARGETDURATION:{TARGET_DURATION}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
    ]


def _skippable(segments: Sequence[Segment]) -> int:
    """How many leading segments end further from the last segment's end than the skip boundary."""
    behind = len(segments) - 1 - int(SKIP_BOUNDARY / grid.SEGMENT_SECONDS)
    return max(0, behind)


def _segments_with_parts(
    segments: Sequence[Segment], open_parts: int, media: str, doors_at: float | None
) -> list[str]:
    lines: list[str] = []
    after = sum(segment.seconds for segment in segments) + open_parts * grid.PART_SECONDS
    for segment in segments:
        if after <= PART_TAGS_WITHIN:
            lines += _date(segment.msn, doors_at)
            lines += [_part(part, media) for part in segment.parts]
            lines += _address(segment, media)
        else:
            lines += _segment(segment, media, doors_at)
        after -= segment.seconds
    return lines


def _open_segment(window: Window, media: str, doors_at: float | None) -> list[str]:
    lines: list[str] = []
    if window.open_parts:
        lines += _date(grid.segment_of(window.open_parts[0].number), doors_at)
        lines += [_part(part, media) for part in window.open_parts]
    if (last := window.last_part) is not None:
        hinted = MediaPart(last.number + 1, last.epoch, b"")
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{media}{hinted.name}"')
    return lines


def _segment(segment: Segment, media: str, doors_at: float | None) -> list[str]:
    return [*_date(segment.msn, doors_at), *_address(segment, media)]


def _address(segment: Segment, media: str) -> list[str]:
    return [f"#EXTINF:{segment.seconds:.2f},", f"{media}{segment.name}"]


def _part(part: MediaPart, media: str) -> str:
    return f'#EXT-X-PART:DURATION={grid.PART_SECONDS:.2f},INDEPENDENT=YES,URI="{media}{part.name}"'


def _date(msn: int, doors_at: float | None) -> list[str]:
    if doors_at is None:
        return []
    milliseconds = round(doors_at * 1000) + msn * _SEGMENT_MS
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return [f"#EXT-X-PROGRAM-DATE-TIME:{moment}.{milliseconds % 1000:03d}Z"]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
