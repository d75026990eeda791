"""Checks playlist text against RFC 8216 and its second edition (draft-pantos-hls-rfc8216bis, `bis` below).

Each rule names its clause. Reads text with a parser of its own, so that nothing it checks helps to check it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

KNOWN = {
    "EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-SERVER-CONTROL", "EXT-X-PART-INF", "EXT-X-MAP", "EXT-X-SKIP", "EXTINF", "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-PART", "EXT-X-PRELOAD-HINT", "EXT-X-ENDLIST", "EXT-X-DISCONTINUITY", "EXT-X-GAP", "EXT-X-STREAM-INF",
    "EXT-X-PLAYLIST-TYPE", "EXT-X-RENDITION-REPORT",
}  # fmt: skip
ONCE = KNOWN - {
    "EXTINF", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-PART", "EXT-X-MAP", "EXT-X-STREAM-INF", "EXT-X-RENDITION-REPORT",
    "EXT-X-DISCONTINUITY", "EXT-X-GAP", "EXT-X-PRELOAD-HINT",
}  # fmt: skip
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_EPSILON = 1e-6


@dataclass(frozen=True)
class Broken:
    clause: str
    what: str


@dataclass
class Entry:
    """A media segment, or what is there of the one in the making (`uri` empty)."""

    uri: str = ""
    duration: float = 0.0
    date: str = ""
    parts: list[dict[str, str]] = field(default_factory=list)

    def length(self) -> float:
        return self.duration if self.uri else sum(float(part["DURATION"]) for part in self.parts)


@dataclass
class Media:
    tags: dict[str, list[str]]
    order: list[str]
    entries: list[Entry]
    faults: list[Broken]

    def one(self, tag: str) -> str | None:
        return self.tags.get(tag, [None])[0]

    def attributes(self, tag: str) -> dict[str, str]:
        return read_attributes(self.one(tag) or "") or {}

    @property
    def target(self) -> float:
        return float(self.one("EXT-X-TARGETDURATION") or 0)

    @property
    def first(self) -> int:
        return int(self.one("EXT-X-MEDIA-SEQUENCE") or 0)

    @property
    def skipped(self) -> int:
        return int(self.attributes("EXT-X-SKIP").get("SKIPPED-SEGMENTS", 0))

    @property
    def ended(self) -> bool:
        return "EXT-X-ENDLIST" in self.tags

    @property
    def segments(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.uri]

    def numbered(self) -> dict[int, Entry]:
        return {self.first + self.skipped + index: entry for index, entry in enumerate(self.segments)}


def read_attributes(text: str) -> dict[str, str] | None:
    """An attribute list (bis 4.2), None if it is not one."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ATTRIBUTE.match(text, at)
        if match is None or match[1] in found:
            return None
        found[match[1]] = match[2].strip('"')
        at = match.end()
    return found


def parse(text: str) -> Media:
    media = Media({}, [], [], [])
    entry = Entry()
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            media.tags.setdefault(name, []).append(value)
            media.order.append(name)
            _into(entry, name, value, media.faults)
        elif not line.startswith("#"):
            media.order.append("URI")
            entry.uri = line
            media.entries.append(entry)
            entry = Entry()
    if entry.parts:
        media.entries.append(entry)
    return media


def _into(entry: Entry, name: str, value: str, faults: list[Broken]) -> None:
    if name == "EXTINF":
        if not re.fullmatch(r"\d+(\.\d+)?,.*", value):
            faults.append(Broken("bis 4.4.4.1", f"EXTINF is not a duration and a comma: {value}"))
            return
        entry.duration = float(value.split(",", maxsplit=1)[0])
    elif name == "EXT-X-PROGRAM-DATE-TIME":
        entry.date = value
    elif name == "EXT-X-PART":
        part = read_attributes(value) or {}
        if not {"DURATION", "URI"} <= set(part):
            faults.append(Broken("bis 4.4.4.9", f"a part needs URI and DURATION: {value}"))
            return
        entry.parts.append(part)


def check(text: str) -> list[Broken]:
    """All rules that one media playlist by itself can break."""
    media = parse(text)
    return [
        *media.faults,
        *_form(text, media),
        *_whole(media),
        *_segments(media),
        *_low_latency(media),
        *_skip(media),
    ]


def _form(text: str, media: Media) -> Iterator[Broken]:
    if text.startswith("\ufeff") or re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
        yield Broken("bis 4.1", "a byte order mark or a control character")
    if not text.startswith("#EXTM3U\n"):
        yield Broken("bis 4.4.1.1", "the first line is not EXTM3U")
    for name in set(media.order) - KNOWN - {"URI"}:
        yield Broken("bis 4.4", f"unknown tag {name}")
    for name, count in Counter(media.order).items():
        if name in ONCE and count > 1:
            yield Broken("bis 4.4", f"{name} more than once")
    listed = ("EXT-X-SERVER-CONTROL", "EXT-X-PART-INF", "EXT-X-PART", "EXT-X-PRELOAD-HINT", "EXT-X-MAP", "EXT-X-SKIP")
    for name in listed:
        for value in media.tags.get(name, []):
            if read_attributes(value) is None:
                yield Broken("bis 4.2", f"{name} is no attribute list: {value}")


def _whole(media: Media) -> Iterator[Broken]:
    if not re.fullmatch(r"\d+", media.one("EXT-X-TARGETDURATION") or ""):
        yield Broken("bis 4.4.3.1", "EXT-X-TARGETDURATION is missing or no whole number")
    if "EXT-X-PLAYLIST-TYPE" in media.tags and not media.ended:
        yield Broken("bis 6.2.2", "a live playlist has no EXT-X-PLAYLIST-TYPE")
    if (
        "EXT-X-MEDIA-SEQUENCE"
        in media.order[media.order.index("URI") if "URI" in media.order else len(media.order) :]
    ):
        yield Broken("bis 4.4.3.2", "EXT-X-MEDIA-SEQUENCE stands after a segment")
    needed = 9 if "EXT-X-SKIP" in media.tags else 6 if "EXT-X-MAP" in media.tags else 3
    if int(media.one("EXT-X-VERSION") or 1) < needed:
        yield Broken("bis 8", f"these tags need version {needed}")
    for value in media.tags.get("EXT-X-MAP", []):
        if "URI" not in (read_attributes(value) or {}):
            yield Broken("bis 4.4.4.5", "EXT-X-MAP has no URI")


def _segments(media: Media) -> Iterator[Broken]:
    for entry in media.segments:
        if not entry.duration:
            yield Broken("bis 4.4.4.1", f"no EXTINF before {entry.uri}")
        if round(entry.duration) > media.target:
            yield Broken("bis 4.4.3.1", f"{entry.uri} lasts longer than the target duration")
        if entry.date and not _DATE.fullmatch(entry.date):
            yield Broken("bis 4.4.4.6", f"no date and time with a zone: {entry.date}")
    uris = [entry.uri for entry in media.segments]
    if len(uris) != len(set(uris)):
        yield Broken("bis 6.2.1", "two segments under one URI")
    dated = [entry for entry in media.entries if _DATE.fullmatch(entry.date)]
    for earlier, later in pairwise(dated):
        passed = (datetime.fromisoformat(later.date) - datetime.fromisoformat(earlier.date)).total_seconds()
        if media.entries.index(later) == media.entries.index(earlier) + 1 and abs(passed - earlier.length()) > 0.002:
            yield Broken("bis 6.2.1", f"dates {passed} s apart for {earlier.length()} s of sound")


def _low_latency(media: Media) -> Iterator[Broken]:
    control, parts = media.attributes("EXT-X-SERVER-CONTROL"), [p for e in media.entries for p in e.parts]
    target = float(media.attributes("EXT-X-PART-INF").get("PART-TARGET", 0))
    if parts and not target:
        yield Broken("bis 4.4.3.7", "parts without EXT-X-PART-INF")
        return
    if "HOLD-BACK" in control and float(control["HOLD-BACK"]) < 3 * media.target:
        yield Broken("bis 4.4.3.8", "HOLD-BACK is less than three target durations")
    if "CAN-SKIP-UNTIL" in control and float(control["CAN-SKIP-UNTIL"]) < 6 * media.target:
        yield Broken("bis 4.4.3.8", "CAN-SKIP-UNTIL is less than six target durations")
    if target and float(control.get("PART-HOLD-BACK", 0)) < 3 * target - _EPSILON:
        yield Broken("bis 4.4.3.8", "PART-HOLD-BACK is missing or less than three part targets")
    yield from _parts(media, target)
    yield from _hints(media, {part["URI"] for part in parts})


def _parts(media: Media, target: float) -> Iterator[Broken]:
    behind = sum(entry.length() for entry in media.entries)
    for entry in media.entries:
        if entry.parts and behind > 3 * media.target + _EPSILON:
            yield Broken("bis 6.2.2", f"parts of {entry.uri} are more than three target durations from the end")
        for index, part in enumerate(entry.parts):
            length = float(part["DURATION"])
            if length > target + _EPSILON:
                yield Broken("bis 4.4.3.7", f"{part['URI']} is longer than the part target")
            if length < 0.85 * target and not (entry.uri and index == len(entry.parts) - 1):
                yield Broken("bis 4.4.4.9", f"{part['URI']} is shorter than 85 % of the part target")
        total = sum(float(part["DURATION"]) for part in entry.parts)
        if entry.uri and entry.parts and abs(total - entry.duration) > 0.01:
            yield Broken("bis 4.4.4.9", f"the parts of {entry.uri} do not add up to it")
        behind -= entry.length()


def _hints(media: Media, listed: set[str]) -> Iterator[Broken]:
    hints = [read_attributes(value) or {} for value in media.tags.get("EXT-X-PRELOAD-HINT", [])]
    for hint in hints:
        if not {"TYPE", "URI"} <= set(hint):
            yield Broken("bis 4.4.5.3", "a preload hint needs TYPE and URI")
        elif hint["URI"] in listed:
            yield Broken("bis 4.4.5.3", "the hinted part is listed already")
    if any(count > 1 for count in Counter(hint.get("TYPE") for hint in hints).values()):
        yield Broken("bis 6.2.6", "two hints of one type")
    if hints and media.ended:
        yield Broken("bis 4.4.5.3", "a hint of what will never come")


def _skip(media: Media) -> Iterator[Broken]:
    if "EXT-X-SKIP" not in media.tags:
        return
    boundary = media.attributes("EXT-X-SERVER-CONTROL").get("CAN-SKIP-UNTIL")
    if not media.skipped:
        yield Broken("bis 4.4.5.2", "EXT-X-SKIP without SKIPPED-SEGMENTS")
    if boundary is None or media.ended:
        yield Broken("bis 6.2.5.1", "a delta update of a playlist that offers none, or has ended")
    elif sum(entry.duration for entry in media.segments) < float(boundary) - _EPSILON:
        yield Broken("bis 6.2.5.1", "segments within the skip boundary are skipped")
    if media.order.index("EXT-X-SKIP") > media.order.index("URI"):
        yield Broken("bis 4.4.5.2", "EXT-X-SKIP stands after a segment")


def check_succession(earlier: str, later: str) -> list[Broken]:
    """What a later version of the same playlist may not do to an earlier one; delta updates count as well."""
    return list(_succession(parse(earlier), parse(later)))


def _succession(old: Media, new: Media) -> Iterator[Broken]:
    if new.first < old.first:
        yield Broken("bis 6.2.2", "the media sequence went back")
    if new.target != old.target:
        yield Broken("bis 6.2.1", "the target duration changed")
    before, after = old.numbered(), new.numbered()
    for number in before.keys() & after.keys():
        if (before[number].uri, before[number].duration) != (after[number].uri, after[number].duration):
            yield Broken("bis 6.2.1", f"segment {number} changed")
        if before[number].date != after[number].date:
            yield Broken("bis 6.2.1", f"the date of segment {number} changed")
    if before and after and max(after) < max(before):
        yield Broken("bis 6.2.1", "a segment at the end was taken back")
    if old.ended and (not new.ended or set(after) - set(before)):
        yield Broken("bis 6.2.1", "something follows EXT-X-ENDLIST")
    removed = new.first > old.first
    if removed and not new.ended and not new.skipped and sum(e.duration for e in new.segments) < 3 * new.target:
        yield Broken("bis 6.2.2", "segments were removed from a playlist shorter than three target durations")
    yield from _open_parts(old, new)


def _open_parts(old: Media, new: Media) -> Iterator[Broken]:
    """Parts that were announced stay as they were when more follow, and when their segment is whole."""
    if not old.entries or old.entries[-1].uri:
        return
    known = [part["URI"] for part in old.entries[-1].parts]
    number = old.first + old.skipped + len(old.segments)
    index = number - new.first - new.skipped
    if not 0 <= index < len(new.entries):
        return
    entry = new.entries[index]
    if entry.parts and [part["URI"] for part in entry.parts][: len(known)] != known:
        yield Broken("bis 6.2.1", f"parts of segment {number} changed")


def check_delta(full: str, delta: str) -> list[Broken]:
    """A delta update says the same as the whole playlist of the same moment, but for what it skips."""
    whole, part = parse(full), parse(delta)
    faults = []
    if part.first != whole.first:
        faults.append(Broken("bis 4.4.5.2", "the media sequence does not count skipped segments"))
    if part.entries != whole.entries[part.skipped :]:
        faults.append(Broken("bis 6.2.5.1", "what is not skipped is not as in the whole playlist"))
    return faults


def check_multivariant(text: str) -> list[Broken]:
    """The rules of a playlist of playlists."""
    media = parse(text)
    faults = [*_form(text, media)]
    if {"EXTINF", "EXT-X-TARGETDURATION", "EXT-X-PART", "EXT-X-MEDIA-SEQUENCE"} & set(media.tags):
        faults.append(Broken("bis 4.1", "tags of media playlists in a multivariant playlist"))
    for name, following in pairwise([*media.order, ""]):
        if name == "EXT-X-STREAM-INF" and following != "URI":
            faults.append(Broken("bis 4.4.6.2", "EXT-X-STREAM-INF without a URI after it"))
    faults += [
        Broken("bis 4.4.6.2", "a variant needs BANDWIDTH, and should name its CODECS")
        for value in media.tags.get("EXT-X-STREAM-INF", [])
        if not {"BANDWIDTH", "CODECS"} <= set(read_attributes(value) or {})
    ]
    return faults
