"""A word in somebody's ear: a director's voice in the monitors of a few, over everything else turned down.

It is heard by nobody else, on stage or outside, and goes into no recording. A key that is held down is told again
each second; whoever goes away with it held is let go after HOLDS.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hustings.audio.level import Samples
from hustings.audio.mix import add
from hustings.stage.chair import Chair

HOLDS: Final = 3.0  # seconds from the last word that the key is held
DUCKED: Final = np.float32(10 ** (-12 / 20))  # the gain of everything else meanwhile
DOWN_MS, UP_MS = 40.0, 300.0


@dataclass(frozen=True, slots=True)
class Key:
    """Held by `by`; `to` names seats, none of them means everybody."""

    by: Chair
    to: frozenset[str]
    until: float  # monotonic seconds

    def reaches(self, chair: Chair) -> bool:
        return chair is not self.by and (not self.to or chair.seat.id in self.to)


class Talkback:
    """One Space's keys. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def press(self, by: Chair, to: Iterable[str], now: float) -> None:
        self._keys[by.seat.id] = Key(by, frozenset(to), now + HOLDS)
        by.talk(True)

    def release(self, by: Chair) -> None:
        """The key stays in its place until the voice is faded out."""
        by.talk(False)

    def held(self) -> list[Key]:
        return [key for key in self._keys.values() if key.by.talks]

    def tick(self, now: float) -> None:
        for seat, key in list(self._keys.items()):
            if now >= key.until:
                key.by.talk(False)
            if not key.by.talking:
                del self._keys[seat]

    def over(self, chair: Chair, sound: Samples) -> Samples | None:
        """What `chair` hears in place of `sound`; None when nobody talks to it."""
        keys = [key for key in self._keys.values() if key.reaches(chair)] if self._keys else []
        _aim(chair, keys)
        if not keys and chair.duck.shut:
            return None
        ducked = sound * (np.float32(1.0) - chair.duck.gains() * (np.float32(1.0) - DUCKED))
        return ducked + add([key.by.aside for key in keys if key.by.aside is not None])


def _aim(chair: Chair, keys: Sequence[Key]) -> None:
    wanted = float(any(key.by.talks for key in keys))
    if chair.duck.target != wanted:
        chair.duck.aim(wanted, DOWN_MS if wanted else UP_MS)
