"""What flows from the mixer to the broadcast: one value a tick, handed over in bounded channels."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hustings.documents.feed import Programme

Samples = npt.NDArray[np.float32]  # shape (TICK,), mono, 48 kHz, full scale ±1


@dataclass(frozen=True, slots=True)
class ProgrammeBlock:
    """20 ms of what goes out. `position` is its first sample's number since doors opened."""

    space: str
    position: int
    programme: Programme
    samples: Samples


@dataclass(frozen=True, slots=True)
class SeatPacket:
    """One Opus packet as a seat sent it while on air, for its own track; `position` as above."""

    space: str
    seat: str
    name: str
    position: int
    opus: bytes


@dataclass(frozen=True, slots=True)
class ProgrammeEnd:
    """The programme of a Space is over; nothing follows. `position` is the sample after its last."""

    space: str
    position: int


Block: TypeAlias = ProgrammeBlock | SeatPacket | ProgrammeEnd
