"""The live window keeps the grid whole, forgets in order, and gives the same bytes for the same name."""

import pytest

from hustings.hls.names import InitName, PartName, SegmentName, hold_epoch, init_name, parse_name, segment_name
from hustings.hls.window import MediaPart, OffGrid, Window


def part(number: int, epoch: str = "e") -> MediaPart:
    return MediaPart(number, epoch, f"<{number}{epoch}>".encode())


def filled(first: int, count: int, window: Window | None = None) -> Window:
    window = window or Window()
    for number in range(first, first + count):
        window.add(part(number))
    return window


def test_a_segment_whose_beginning_was_missed_is_left_out() -> None:
    window = filled(5, 7)
    assert [segment.msn for segment in window.segments] == [2]
    assert window.find("p7-e.m4s") is None
    assert window.find("p8-e.m4s") == b"<8e>"


def test_four_parts_make_a_segment_numbered_by_the_grid() -> None:
    window = filled(8, 6)
    assert [(segment.msn, segment.seconds) for segment in window.segments] == [(2, 3.84)]
    assert [open_part.number for open_part in window.open_parts] == [12, 13]
    assert window.find("s2-e.m4s") == b"<8e><9e><10e><11e>"
    assert window.find("s3-e.m4s") is None


@pytest.mark.parametrize("number", [3, 5])
def test_a_part_that_does_not_follow_is_refused(number: int) -> None:
    window = filled(0, 4)
    with pytest.raises(OffGrid):
        window.add(part(number))


def test_what_is_listed_no_more_can_still_be_fetched_for_a_playlist_length() -> None:
    window = filled(0, 4 * 30)
    assert window.segments[0].msn == 12
    assert window.find("s0-e.m4s") is not None
    filled(120, 4 * 10, window)
    assert window.find("s3-e.m4s") is None
    assert window.find("p15-e.m4s") is None
    assert window.find("s4-e.m4s") is not None


def test_after_the_end_nothing_is_added_and_the_last_segment_is_short() -> None:
    window = filled(0, 6)
    window.end()
    assert window.segments[-1].seconds == pytest.approx(1.92)
    assert window.find("s1-e.e.0.0.m4s") == b"<4e><5e>"
    with pytest.raises(OffGrid):
        window.add(part(6))


@pytest.mark.parametrize(
    ("epochs", "name"),
    [
        (["a", "a", "a", "a"], "s9-a.m4s"),
        (["a", "a", "h1", "h1"], "s9-a.a.h1.h1.m4s"),
        (["a", "a"], "s9-a.a.0.0.m4s"),
        (["a"], "s9-a.0.0.0.m4s"),
    ],
)
def test_a_segment_is_named_by_its_parts_epochs(epochs: list[str], name: str) -> None:
    assert segment_name(9, epochs) == name


def test_names_read_back_as_they_were_made() -> None:
    assert parse_name(init_name(b"moov")) == InitName(init_name(b"moov"))
    assert parse_name("p12-h0f.m4s") == PartName(12, "h0f")
    assert parse_name("s3-a.a.h1.h1.m4s") == SegmentName(3, ("a", "a", "h1", "h1"))


@pytest.mark.parametrize(
    "name", ["", "p-1-a.m4s", "p1-.m4s", "p1-a.mp4", "../p1-a.m4s", "s1-a.b.c.d.e.m4s", "init.mp4"]
)
def test_names_never_given_out_are_not_read(name: str) -> None:
    assert parse_name(name) is None


def test_a_hold_loop_is_named_by_its_bytes_and_their_order() -> None:
    assert hold_epoch([b"a", b"b"]) == hold_epoch([b"a", b"b"])
    assert len({hold_epoch(loop) for loop in ([b"a", b"b"], [b"b", b"a"], [b"ab"], [b"a", b"b", b""])}) == 4
    assert hold_epoch([b"a"]).startswith("h")
