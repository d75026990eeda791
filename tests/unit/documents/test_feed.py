import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.documents.feed import (
    MAX_FRAME,
    End,
    FeedBroken,
    Frame,
    FrameReader,
    Hello,
    Hold,
    Init,
    Part,
    Programme,
    Voices,
    encode_frame,
)
from hustings.documents.public import Voice
from hustings.documents.space import Role

FRAMES: list[Frame] = [
    Hello("epoch"),
    Init("abc", "aac64", b"\x00init"),
    Hold("abc", "aac64", 0, 8, b"hold"),
    Part("abc", "aac64", "epoch", 7, Programme.CONVERSATION, b"part"),
    Voices("abc", 960, Programme.PRESHOW, (Voice("s1", "Ada", Role.HOST, True, False),)),
    End("abc", 99),
]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_frames_come_out_whole_however_the_bytes_are_cut(cuts: list[int]) -> None:
    stream = b"".join(encode_frame(frame) for frame in FRAMES)
    reader = FrameReader()
    read: list[Frame] = []
    at = 0
    for cut in [*cuts, len(stream)]:
        read += reader.feed(stream[at : at + cut])
        at += cut

    assert read == FRAMES


def test_a_length_no_frame_has_ends_the_connection_before_it_is_believed() -> None:
    with pytest.raises(FeedBroken, match="longer"):
        list(FrameReader().feed((MAX_FRAME + 1).to_bytes(4, "big")))


@pytest.mark.parametrize("body", [b"\xc1", b"\x81\xa4type\xa5other"])
def test_bytes_that_are_no_frame_end_the_connection(body: bytes) -> None:
    with pytest.raises(FeedBroken, match="no frame"):
        list(FrameReader().feed(len(body).to_bytes(4, "big") + body))
