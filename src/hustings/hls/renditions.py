"""The encodings a programme is offered in, as plain values: names in URLs, what playlists say, what encoders obey.

All are mono at 48 kHz on the same grid of parts. Never chooses one for a listener: the page and the rung do.
"""

from dataclasses import dataclass
from enum import Enum


class Codec(Enum):
    AAC = "aac"
    OPUS = "opus"


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding. `bitrate` is the encoder's, `bandwidth` the peak on the wire with packaging; both bit/s."""

    name: str
    codec: Codec
    codecs: str  # RFC 6381, as CODECS in a multivariant playlist and in MediaSource.isTypeSupported
    bitrate: int
    bandwidth: int
    average_bandwidth: int
    frame: int  # samples in one packet; a part holds a whole number of them

    @property
    def mime(self) -> str:
        return f'audio/mp4; codecs="{self.codecs}"'


AAC64 = Rendition(
    "aac64", Codec.AAC, "mp4a.40.2", bitrate=64_000, bandwidth=96_000, average_bandwidth=72_000, frame=1024
)
OPUS32 = Rendition(
    "opus32", Codec.OPUS, "opus", bitrate=32_000, bandwidth=48_000, average_bandwidth=36_000, frame=960
)

RENDITIONS: tuple[Rendition, ...] = (AAC64, OPUS32)
BY_NAME: dict[str, Rendition] = {rendition.name: rendition for rendition in RENDITIONS}
