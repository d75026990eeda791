"""Reads HLS playlists (RFC 8216 and its second edition) as far as an audio player needs. Pure: text in, values out.

It is written apart from hustings.hls, which writes them, so that a mistake there is not repeated here.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

from hustings.clients.errors import BadAnswer

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, slots=True)
class Chunk:
    """Something to fetch: a whole segment (`part` is None) or one part of it. `date` is Unix time of its start."""

    msn: int
    part: int | None
    url: str
    duration: float
    init: str
    date: float | None

    @property
    def place(self) -> tuple[int, int]:
        return self.msn, self.part or 0


@dataclass(slots=True)
class MediaPlaylist:
    """What one media playlist says. `chunks` are in order; parts where it lists them, else whole segments."""

    target: float = 0.0  # seconds
    hold_back: float = 0.0
    part_hold_back: float = 0.0
    blocks: bool = False
    ended: bool = False
    chunks: list[Chunk] = field(default_factory=list)
    following: tuple[int, int] = (0, 0)  # msn and part that come next

    def at_live_edge(self) -> list[Chunk]:
        """Where a player begins: the hold-back before the end of a live playlist, the beginning of a finished one."""
        if self.ended:
            return self.chunks
        behind = (self.part_hold_back if self.blocks else 0.0) or self.hold_back or 3 * self.target
        held = 0.0
        for number in range(len(self.chunks) - 1, -1, -1):
            held += self.chunks[number].duration
            if held >= behind - 0.001:
                return self.chunks[number:]
        return self.chunks

    def since(self, place: tuple[int, int]) -> list[Chunk]:
        """What comes at or after `place`."""
        return [chunk for chunk in self.chunks if chunk.place >= place]


def attributes(line: str) -> dict[str, str]:
    """The attribute list of a tag (RFC 8216, 4.2), quotes taken off."""
    _, _, told = line.partition(":")
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(told)}


def variants(text: str, url: str) -> list[str]:
    """The addresses a multivariant playlist names, best first as it lists them; empty for a media playlist."""
    lines = [line.strip() for line in _checked(text, url)]
    return [urljoin(url, lines[n + 1]) for n, line in enumerate(lines[:-1]) if line.startswith("#EXT-X-STREAM-INF:")]


def media_playlist(text: str, url: str) -> MediaPlaylist:
    """Raises BadAnswer for text that is no playlist."""
    return _Reader(url).read(_checked(text, url))


def _checked(text: str, url: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise BadAnswer(f"{url} is not a playlist: it does not begin with #EXTM3U.")
    return lines


class _Reader:
    """Walks the lines once, carrying what tags say about what follows them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._list = MediaPlaylist()
        self._msn = 0
        self._init = ""
        self._date: float | None = None
        self._duration = 0.0
        self._parts: list[Chunk] = []

    def read(self, lines: list[str]) -> MediaPlaylist:
        for line in lines:
            if not line.startswith("#"):
                self._segment(line)
            elif (tag := line.partition(":")[0]) in self._TAGS:
                try:
                    self._TAGS[tag](self, line)
                except (KeyError, ValueError) as error:
                    raise BadAnswer(f"{self._url} holds a tag that cannot be read: {line}") from error
        self._list.chunks += self._parts
        self._list.following = (self._msn, len(self._parts))
        return self._list

    def _target(self, line: str) -> None:
        self._list.target = float(line.partition(":")[2])

    def _sequence(self, line: str) -> None:
        self._msn = int(line.partition(":")[2])

    def _control(self, line: str) -> None:
        told = attributes(line)
        self._list.blocks = told.get("CAN-BLOCK-RELOAD") == "YES"
        self._list.hold_back = float(told.get("HOLD-BACK", 0))
        self._list.part_hold_back = float(told.get("PART-HOLD-BACK", 0))

    def _map(self, line: str) -> None:
        self._init = urljoin(self._url, attributes(line)["URI"])

    def _dated(self, line: str) -> None:
        self._date = datetime.fromisoformat(line.partition(":")[2]).timestamp()

    def _extinf(self, line: str) -> None:
        self._duration = float(line.partition(":")[2].partition(",")[0])

    def _part(self, line: str) -> None:
        told = attributes(line)
        before = sum(part.duration for part in self._parts)
        date = None if self._date is None else self._date + before
        self._parts.append(self._chunk(len(self._parts), told["URI"], float(told["DURATION"]), date))

    def _segment(self, uri: str) -> None:
        self._list.chunks += self._parts or [self._chunk(None, uri, self._duration, self._date)]
        self._date = None if self._date is None else self._date + self._duration
        self._parts = []
        self._msn += 1

    def _skip(self, line: str) -> None:
        self._msn += int(attributes(line)["SKIPPED-SEGMENTS"])

    def _end(self, _line: str) -> None:
        self._list.ended = True

    def _chunk(self, part: int | None, uri: str, duration: float, date: float | None) -> Chunk:
        return Chunk(self._msn, part, urljoin(self._url, uri), duration, self._init, date)

    _TAGS = {  # noqa: RUF012 - a table, never written to
        "#EXT-X-TARGETDURATION": _target,
        "#EXT-X-MEDIA-SEQUENCE": _sequence,
        "#EXT-X-SERVER-CONTROL": _control,
        "#EXT-X-MAP": _map,
        "#EXT-X-PROGRAM-DATE-TIME": _dated,
        "#EXTINF": _extinf,
        "#EXT-X-PART": _part,
        "#EXT-X-SKIP": _skip,
        "#EXT-X-ENDLIST": _end,
    }
