import pytest

from hustings.hls.fmp4 import NotFragment, boxes, init_hash, part_info, retime, sequence_of, split_init


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def part(number: int, sizes: tuple[int, ...] = (3, 4)) -> bytes:
    """A fragment as the standard writes it, without our packager: default duration in tfhd, sizes in trun."""
    mfhd = box(b"mfhd", bytes(4) + sequence_of(number).to_bytes(4, "big"))
    tfhd = box(b"tfhd", b"\x00\x02\x00\x08" + (1).to_bytes(4, "big") + (1024).to_bytes(4, "big"))
    tfdt = box(b"tfdt", b"\x01\x00\x00\x00" + (number * 46_080).to_bytes(8, "big"))
    rows = b"".join(size.to_bytes(4, "big") for size in sizes)
    trun = box(b"trun", b"\x00\x00\x02\x01" + len(sizes).to_bytes(4, "big") + bytes(4) + rows)
    return box(b"moof", mfhd + box(b"traf", tfhd + tfdt + trun)) + box(b"mdat", b"x" * sum(sizes))


def test_a_part_says_where_it_stands() -> None:
    info = part_info(part(7))

    assert (info.sequence, info.decode_time, info.frames, info.duration, info.media) == (8, 322_560, 2, 2048, 7)


def test_moving_a_part_changes_only_its_place() -> None:
    assert retime(part(7), 123_456_789) == part(123_456_789)


def test_a_sequence_number_stays_in_32_bits() -> None:
    assert sequence_of(2**32 - 2) == 2**32 - 1
    assert sequence_of(2**32 - 1) == 1


def test_init_and_fragments_come_apart() -> None:
    init = box(b"ftyp", b"iso6") + box(b"moov", b"...")

    assert split_init(init + part(1) + part(2)) == (init, part(1) + part(2))
    assert split_init(init) == (init, b"")


def test_boxes_of_64_bit_size_are_read() -> None:
    large = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + b"abcd"

    found = list(boxes(large))

    assert [(one.kind, one.body, one.end) for one in found] == [(b"mdat", 16, 20)]


@pytest.mark.parametrize(
    "data",
    [b"", b"abc", part(1)[:-1], part(1) + part(2), box(b"mdat", b"x"), b"\x00\x00\x00\x04mdat"],
    ids=["empty", "no box", "torn", "two fragments", "no moof", "size below header"],
)
def test_anything_else_is_not_a_part(data: bytes) -> None:
    with pytest.raises(NotFragment):
        part_info(data)


def test_an_init_is_named_by_its_bytes() -> None:
    assert init_hash(b"one") == init_hash(b"one") != init_hash(b"two")
    assert len(init_hash(b"one")) == 16
