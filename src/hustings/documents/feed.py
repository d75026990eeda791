"""What a stage pushes to its edges: one stream of frames for all Spaces it carries.

A frame is a 4-byte big-endian length and that many bytes of msgpack. The order within a Space is: Plan, then
an Init for each rendition, then Hold parts, then Parts in grid order; Voices come between. A reader that was
away gets the plans, inits, hold parts and the window's parts again, so that it needs no memory of before.
"""

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

import msgspec

from hustings.base.errors import Invalid
from hustings.documents.public import Voice
from hustings.documents.space import SpacePlan

MAX_FRAME = 4 * 1024 * 1024  # bytes: far above any part; a longer length is a broken or hostile stream


class Programme(Enum):
    """What is going out."""

    NONE = "none"
    PRESHOW = "preshow"
    CONVERSATION = "conversation"
    HOLD = "hold"
    END = "end"


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first frame, and said again now and then: which run of the stage this is."""

    epoch: str


class Plan(msgspec.Struct, frozen=True, tag="plan"):
    """A Space's newest plan; the edge shows its card from it."""

    plan: SpacePlan


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The stage no longer carries this Space (deleted, or ended and drained)."""

    space: str


class Init(msgspec.Struct, frozen=True, tag="init"):
    """A rendition's initialisation segment (ftyp and moov)."""

    space: str
    rendition: str
    data: bytes


class Hold(msgspec.Struct, frozen=True, tag="hold"):
    """Part `index` of the hold loop of `count` parts; the edge sets its tfdt and sequence before serving it."""

    space: str
    rendition: str
    index: int
    count: int
    data: bytes


class Part(msgspec.Struct, frozen=True, tag="part"):
    """Part `number` of the grid: samples [46080 * number, 46080 * (number + 1)) since doors opened."""

    space: str
    rendition: str
    epoch: str
    number: int
    programme: Programme
    data: bytes


class Voices(msgspec.Struct, frozen=True, tag="voices"):
    """Who is on stage and how loud, about four times a second; `position` in samples of the programme."""

    space: str
    position: int
    programme: Programme
    voices: tuple[Voice, ...]


class End(msgspec.Struct, frozen=True, tag="end"):
    """The programme's last part was `number`; playlists close after it."""

    space: str
    number: int


Frame: TypeAlias = Hello | Plan | Gone | Init | Hold | Part | Voices | End

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)


class FeedBroken(Invalid):
    """The bytes are not a feed; drop the connection and dial again."""

    code = "feed_broken"


def encode_frame(frame: Frame) -> bytes:
    body = _encoder.encode(frame)
    return len(body).to_bytes(4, "big") + body


class FrameReader:
    """Bytes in, frames out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Raises FeedBroken on a length above MAX_FRAME or a body that is no frame."""
        self._buffer += data
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > MAX_FRAME:
                raise FeedBroken("The stage's feed announced a frame longer than any frame can be.")
            if len(self._buffer) < 4 + length:
                return
            body = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            try:
                yield _decoder.decode(body)
            except msgspec.DecodeError as error:
                raise FeedBroken("The stage's feed held bytes that are no frame.") from error
