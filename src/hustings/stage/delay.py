"""The seconds between what is said and what goes out, and what becomes of them when they are dumped.

First in, first out, a tick at a time. Everything of a tick that could be told or kept waits here together: its sound,
the seats' own packets, who spoke. So what is dumped was never anywhere. It mixes nothing and knows no time of day.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec
import numpy as np

from hustings.audio.level import Samples
from hustings.audio.mix import SILENCE, smooth
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.feed import Programme
from hustings.documents.public import Voice
from hustings.stage.chair import Chair
from hustings.stage.sounded import NOTHING, Given

_FALL: Final = 1.0 - smooth(np.arange(1, TICK + 1) / TICK)


SeatPackets: TypeAlias = tuple[tuple[Chair, bytes], ...]


def unheard(voices: Iterable[Voice]) -> tuple[Voice, ...]:
    """The same people, of whom nothing is heard."""
    return tuple(msgspec.structs.replace(voice, speaking=False, level=0.0) for voice in voices)


@dataclass(frozen=True, slots=True)
class Moment:
    """20 ms of the stage: what should go out, the conversation's sound, and what is known of those in it."""

    kind: Programme
    sound: Samples
    packets: SeatPackets = ()
    voices: tuple[Voice, ...] = ()
    given: Given = NOTHING

    def silenced(self) -> "Moment":
        """The same without a word of it."""
        kind = Programme.HOLD if self.kind is Programme.CONVERSATION else self.kind
        return Moment(kind, SILENCE, voices=unheard(self.voices))


def in_ticks(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / TICK)


class Delay:
    """Gives each moment back so many ticks later; a delay of none gives it back at once."""

    def __init__(self) -> None:
        self._line: deque[Moment] = deque()
        self._out: Samples = SILENCE  # what went out last

    def fill(self, moments: Iterable[Moment]) -> None:
        """What goes out before the first moment that is put in."""
        self._line.extend(moments)

    def tick(self, moment: Moment, ticks: int) -> Moment:
        """One in, one out. When another delay is chosen, the oldest goes on for longer, or is left out."""
        self._line.append(moment)
        while len(self._line) <= ticks:
            self._line.appendleft(self._line[0].silenced())
        while len(self._line) > ticks + 1:
            self._line.popleft()
        out = self._line.popleft()
        self._out = out.sound
        return out

    def dump(self) -> int:
        """Replace every word that has not gone out; gives the ticks of conversation that were lost.

        What went out last is run backwards and faded, so that the cut makes no click and lets nothing through.
        """
        lost = sum(moment.kind is Programme.CONVERSATION for moment in self._line)
        self._line = deque(moment.silenced() for moment in self._line)
        if self._line:
            self._line[0] = replace(self._line[0], sound=self._out[::-1] * _FALL)
        return lost
