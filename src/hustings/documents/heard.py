"""What the as-heard monitor tells the stage: which part of the way to listeners is at fault, as heard at one edge."""

from enum import Enum

import msgspec

USER_AGENT = "hustings-as-heard"  # by which edges know the monitor, which is no listener to be counted


class Place(Enum):
    """A place on the way from a microphone to a listener, where what is heard can be spoilt."""

    SEAT = "seat"
    MIXER = "mixer"
    PACKAGER = "packager"
    EDGE = "edge"
    RECORDING = "recording"  # beside the way: what is kept of it, which no monitor hears
    MONITOR = "monitor"  # beside it too: whoever listens for the rest


class What(Enum):
    """How it is spoilt."""

    NOTHING = ""
    SILENCE = "silence"
    LATE = "late"
    MISSING = "missing"
    NARROW = "narrow"
    CLIPPED = "clipped"
    DIFFERENT = "different"


class Heard(msgspec.Struct, frozen=True):
    """The newest verdict about one edge, judged up to sample `position` of the programme. `at` is Unix time."""

    edge: str
    position: int
    fault: Place | None
    what: What
    at: float
