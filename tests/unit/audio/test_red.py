"""Redundant audio data: written and read, and whatever bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.audio.red import LONGEST, MAX_BLOCKS, Block, build_red, parse_red
from hustings.audio.rtp import RtpBroken

blocks = st.lists(
    st.builds(Block, st.integers(0, 127), st.integers(0, (1 << 14) - 1), st.binary(max_size=LONGEST)),
    max_size=MAX_BLOCKS,
)


def test_the_bytes_are_those_of_the_standard() -> None:
    """One block 960 samples back, 3 bytes long; then the packet's own."""
    own = Block(111, 0, b"own")
    assert build_red((Block(111, 960, b"old"), own)) == b"\xef\x0f\x00\x03\x6foldown"
    assert parse_red(b"\xef\x0f\x00\x03\x6foldown") == (Block(111, 960, b"old"), own)


@given(blocks, st.binary(max_size=2000))
def test_what_is_written_is_read(older: list[Block], own: bytes) -> None:
    said = (*older, Block(111, 0, own))
    assert parse_red(build_red(said)) == said


@given(st.binary(max_size=200))
def test_any_bytes_are_blocks_or_broken(data: bytes) -> None:
    try:
        found = parse_red(data)
    except RtpBroken:
        return
    assert sum(len(block.payload) for block in found) <= len(data)
    assert len(found) <= MAX_BLOCKS + 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef",  # a header that ends
        b"\xef\x0f\x00\x03",  # no block of its own
        b"\xef\x0f\x03\xff\x6fshort",  # a length that lies
        b"\xef\x0f\x00\x00" * (MAX_BLOCKS + 1) + b"\x6f",
        b"\xff" * 4000,
    ],
)
def test_lying_lengths_are_broken(data: bytes) -> None:
    with pytest.raises(RtpBroken):
        parse_red(data)
