"""A word in somebody's ear: a director's voice in the monitors of a few, over everything else turned down.

It is heard by nobody else, on stage or outside, and goes into no recording. A key that is held down is told again
each second; whoever goes away with it held is let go after HOLDS. Let go, it stays for TAIL: the last syllables are
on their way, and belong to the same few ears.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from hustings.audio.level import Samples
from hustings.audio.mix import add
from hustings.stage.chair import Chair

HOLDS: Final = 3.0  # seconds from the last word that the key is held
TAIL: Final = 0.3  # seconds: the jitter buffer's most, 0.2, and a slow network's way
DUCKED: Final = np.float32(10 ** (-12 / 20))  # the gain of everything else meanwhile
DOWN_MS, UP_MS = 40.0, 300.0


@dataclass(frozen=True, slots=True)
class Key:
    """Held by `by`; `to` names seats, none of them means everybody."""

    by: Chair
    to: frozenset[str]
    until: float  # monotonic seconds
    released: bool = False

    def reaches(self, chair: Chair) -> bool:
        return chair is not self.by and (not self.to or chair.seat.id in self.to)


class Talkback:
    """One Space's keys. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._told: dict[str, int] = {}  # seat → the newest number

    def press(self, by: Chair, to: Iterable[str], now: float, number: int = 0) -> None:
        """Words may overtake each other: one with a lower number than the newest is not minded. 0: not numbered."""
        if self._is_news(by, number):
            self._keys[by.seat.id] = Key(by, frozenset(to), now + HOLDS)
            by.talk(True)

    def release(self, by: Chair, now: float, number: int = 0) -> None:
        """The key stays in its place until the last word has come and is faded out."""
        key = self._keys.get(by.seat.id)
        if self._is_news(by, number) and key is not None and not key.released:
            self._keys[by.seat.id] = replace(key, until=min(key.until, now + TAIL), released=True)

    def renew(self, seat: str) -> None:
        """Another session sits there, which counts anew."""
        self._told.pop(seat, None)

    def _is_news(self, by: Chair, number: int) -> bool:
        newest = self._told.get(by.seat.id, 0)
        self._told[by.seat.id] = max(newest, number)
        return not number or number >= newest

    def held(self) -> list[Key]:
        return [key for key in self._keys.values() if key.by.talks and not key.released]

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
