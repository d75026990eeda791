"""What playlists say, checked by the clauses of the specification and by a parser nobody here wrote."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import m3u8
import pytest
from tests.support import playlist_rules as rules

from hustings.base import grid
from hustings.hls import playlist
from hustings.hls.renditions import AAC64, OPUS32
from hustings.hls.window import MediaPart, Window

DOORS_AT = 1_700_000_000.25


@dataclass(frozen=True)
class Texts:
    plain: str
    low_latency: str
    delta: str


def texts(window: Window) -> Texts:
    def low(skip: bool) -> str:
        return playlist.low_latency(window, init="init-0.mp4", media="../m/", doors_at=DOORS_AT, skip=skip)

    plain = playlist.plain(window, init="init-0.mp4", media="../m/", doors_at=DOORS_AT)
    return Texts(plain, low(skip=False), low(skip=True))


def epoch_of(number: int) -> str:
    """A programme whose stage is lost twice, once within a segment."""
    if 30 <= number < 41 or 100 <= number < 102:
        return "h0123"
    return "first" if number < 41 else "second" if number < 102 else "third"


def programme(first: int, count: int) -> Iterator[Window]:
    """The window after each part."""
    window = Window()
    for number in range(first, first + count):
        window.add(MediaPart(number, epoch_of(number), b"%d" % number))
        yield window


def after(count: int, first: int = 0) -> Window:
    *_, window = programme(first, count)
    return window


def test_every_playlist_of_a_long_programme_follows_the_specification() -> None:
    for window in programme(0, 200):
        made = texts(window)
        assert rules.check(made.low_latency) == []
        assert rules.check(made.delta) == []
        if window.segments:
            assert rules.check(made.plain) == []


def test_every_playlist_follows_from_the_one_before() -> None:
    last: Texts | None = None
    for window in programme(40, 200):
        made = texts(window)
        if last is not None:
            assert rules.check_succession(last.low_latency, made.low_latency) == []
            assert rules.check_succession(last.low_latency, made.delta) == []
            assert rules.check_succession(last.plain, made.plain) == []
        last = made


def test_a_delta_update_says_the_same_as_the_whole_playlist() -> None:
    skipped = set()
    for window in programme(0, 200):
        made = texts(window)
        assert rules.check_delta(made.low_latency, made.delta) == []
        skipped.add(rules.parse(made.delta).skipped)
    assert skipped == set(range(12))


@pytest.mark.parametrize("count", range(77, 85))
def test_the_end_closes_both_forms_wherever_it_falls(count: int) -> None:
    window = after(count)
    before = texts(window)
    window.end()
    made = texts(window)
    for text in (made.plain, made.low_latency, made.delta):
        assert rules.check(text) == []
        assert text.endswith("#EXT-X-ENDLIST\n")
    assert "EXT-X-SKIP" not in made.delta
    assert rules.check_succession(before.low_latency, made.low_latency) == []
    assert rules.check_succession(before.plain, made.plain) == []
    assert sum(entry.duration for entry in rules.parse(made.plain).segments) == pytest.approx(
        grid.PART_SECONDS * (count - rules.parse(made.plain).first * 4)
    )


def test_an_independent_parser_reads_the_same() -> None:
    made = texts(after(82))
    parsed = m3u8.loads(made.low_latency)
    assert parsed.media_sequence == 20 - 18
    assert parsed.target_duration == 4
    assert parsed.part_inf.part_target == 0.96
    assert parsed.server_control.can_block_reload == "YES"
    assert parsed.server_control.part_hold_back == pytest.approx(2.88)
    assert parsed.server_control.can_skip_until == 24
    assert parsed.preload_hint.uri == "../m/p82-second.m4s"
    assert [segment.uri for segment in parsed.segments[:18]] == [s.uri for s in m3u8.loads(made.plain).segments]
    assert m3u8.loads(made.delta).skip.skipped_segments == 11


def test_a_date_is_the_doors_and_the_segments_since() -> None:
    assert "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.250Z\n" in texts(after(4)).plain
    assert "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:27.930Z\n" in texts(after(12)).plain


def test_the_window_lists_at_least_a_minute() -> None:
    assert sum(entry.duration for entry in rules.parse(texts(after(200)).plain).segments) >= 60


def test_names_carry_the_epochs_of_what_is_inside() -> None:
    text = texts(after(46)).low_latency
    assert "s7-first.first.h0123.h0123.m4s" in text
    assert "s8-h0123.m4s" in text
    assert "s10-h0123.second.second.second.m4s" in text


def test_the_multivariant_playlist_names_its_variants() -> None:
    text = playlist.multivariant([AAC64, OPUS32])
    assert rules.check_multivariant(text) == []
    parsed = m3u8.loads(text)
    assert [variant.uri for variant in parsed.playlists] == ["live/aac64/ll.m3u8", "live/opus32/ll.m3u8"]
    assert parsed.playlists[0].stream_info.codecs == "mp4a.40.2"


LOW = texts(after(82)).low_latency
DELTA = texts(after(82)).delta
Change = Callable[[str], str]


def swap(old: str, new: str, times: int = 1) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, times)

    return change


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("bis 4.1", lambda text: "\ufeff" + text),
        ("bis 4.4.1.1", swap("#EXTM3U\n", "")),
        ("bis 4.4", swap("#EXT-X-MAP", "#EXT-X-MAPP")),
        ("bis 4.4", swap("#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n")),
        ("bis 4.2", swap("CAN-BLOCK-RELOAD=YES,", "CAN-BLOCK-RELOAD=YES,CAN-BLOCK-RELOAD=YES,")),
        ("bis 4.4.3.1", swap("TARGETDURATION:4", "TARGETDURATION:4.0")),
        ("bis 4.4.3.1", swap("TARGETDURATION:4", "TARGETDURATION:3")),
        ("bis 4.4.4.1", swap("#EXTINF:3.84,\n", "")),
        ("bis 4.4.4.1", swap("#EXTINF:3.84,", "#EXTINF:3.84")),
        ("bis 4.4.4.6", swap("Z\n", "\n")),
        ("bis 6.2.1", swap(".930Z", ".830Z")),
        ("bis 6.2.2", swap("#EXT-X-MAP", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MAP")),
        ("bis 4.4.4.5", swap("#EXT-X-MAP:URI", "#EXT-X-MAP:URL")),
        ("bis 8", swap("VERSION:9", "VERSION:5")),
        ("bis 4.4.3.7", swap("#EXT-X-PART-INF:PART-TARGET=0.96\n", "")),
        ("bis 4.4.3.7", swap("PART-TARGET=0.96", "PART-TARGET=0.9")),
        ("bis 4.4.3.8", swap("PART-HOLD-BACK=2.88", "PART-HOLD-BACK=2.8")),
        ("bis 4.4.3.8", swap("HOLD-BACK=12", "HOLD-BACK=11")),
        ("bis 4.4.3.8", swap("CAN-SKIP-UNTIL=24", "CAN-SKIP-UNTIL=23")),
        ("bis 4.4.4.9", swap("#EXT-X-PART:DURATION=0.96", "#EXT-X-PART:DURATION=0.56")),
        ("bis 4.4.4.9", swap(',URI="../m/p81', ',URL="../m/p81')),
        ("bis 4.4.5.3", swap("p82", "p81")),
        ("bis 4.4.5.3", lambda text: text + "#EXT-X-ENDLIST\n"),
        ("bis 6.2.6", lambda text: text + text.splitlines()[-1] + "\n"),
    ],
)  # fmt: skip
def test_the_validator_catches(clause: str, change: Change) -> None:
    assert rules.check(LOW) == []
    assert clause in {broken.clause for broken in rules.check(change(LOW))}


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("bis 4.4.5.2", swap("SKIPPED-SEGMENTS=11", "SKIPPED=11")),
        ("bis 6.2.5.1", swap("CAN-SKIP-UNTIL=24,", "")),
        ("bis 6.2.5.1", lambda text: "\n".join(line for line in text.split("\n") if "s17" not in line)),
        ("bis 8", swap("VERSION:9", "VERSION:8")),
    ],
)
def test_the_validator_catches_in_delta_updates(clause: str, change: Change) -> None:
    assert rules.check(DELTA) == []
    assert clause in {broken.clause for broken in rules.check(change(DELTA))}


def test_the_validator_catches_parts_kept_too_long() -> None:
    old = '#EXT-X-PART:DURATION=0.96,INDEPENDENT=YES,URI="../m/p8-first.m4s"\n'
    broken = rules.check(LOW.replace("#EXTINF", old + "#EXTINF", 1))
    assert "bis 6.2.2" in {found.clause for found in broken}


def _only_the_last(text: str) -> str:
    """The playlist without all its segments but the last."""
    head = text[: text.index("#EXT-X-PROGRAM-DATE-TIME")]
    tail = text[text.index("s18-second.m4s\n") + len("s18-second.m4s\n") :]
    return head.replace("MEDIA-SEQUENCE:2", "MEDIA-SEQUENCE:19") + tail


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("bis 6.2.2", swap("MEDIA-SEQUENCE:2", "MEDIA-SEQUENCE:1")),
        ("bis 6.2.1", swap("TARGETDURATION:4", "TARGETDURATION:5")),
        ("bis 6.2.1", swap("s9-h0123.m4s", "s9-first.m4s")),
        ("bis 6.2.1", swap("#EXTINF:3.84", "#EXTINF:3.80")),
        ("bis 6.2.1", swap("p80-second", "p80-h0123")),
        ("bis 6.2.1", lambda text: text[: text.index("#EXTINF", text.index("s18"))]),
        ("bis 6.2.2", _only_the_last),
    ],
)
def test_the_validator_catches_between_versions(clause: str, change: Change) -> None:
    assert rules.check_succession(LOW, texts(after(83)).low_latency) == []
    changed = rules.check_succession(LOW, change(texts(after(83)).low_latency))
    assert clause in {broken.clause for broken in changed}


def test_the_validator_catches_a_delta_that_does_not_add_up() -> None:
    assert rules.check_delta(LOW, DELTA) == []
    assert rules.check_delta(LOW, DELTA.replace("SKIPPED-SEGMENTS=11", "SKIPPED-SEGMENTS=10")) != []
    assert rules.check_delta(LOW, DELTA.replace("MEDIA-SEQUENCE:2", "MEDIA-SEQUENCE:13")) != []


def test_the_validator_catches_broken_multivariants() -> None:
    text = playlist.multivariant([AAC64])
    assert rules.check_multivariant(text) == []
    assert rules.check_multivariant(text.replace("BANDWIDTH", "WIDTH")) != []
    assert rules.check_multivariant(text.replace("live/aac64/ll.m3u8\n", "")) != []
