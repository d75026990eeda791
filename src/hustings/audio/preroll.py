"""The first word after a hold: what was said while it was being recognised as speech is played first.

The delay this leaves is given back in the pauses that follow, 20 ms at a time, where nothing is to be heard.
"""

from collections import deque
from itertools import islice
from typing import Final, Generic, TypeVar

from hustings.audio.level import Samples, power

T = TypeVar("T")

KEPT: Final = 110  # ticks, 2.2 s: as long as recognising a word and the pause after it may take, and half a second
PAUSE: Final = 5  # ticks of every pause that are played: 0.1 s keeps two words apart
ONSET: Final = 3  # ticks before a word that are played: an f begins faintly
FAINT: Final = 0.001  # of the loudest tick (-30 dB): a pause in a quiet room
FADES: Final = 0.99  # a tick: what was loud or quiet 10 s ago says little (-20 dB)
NOISE: Final = 0.03  # of the loudest tick (-15 dB): above it, what is as steady as noise is a sound of its own


class Preroll(Generic[T]):
    """One conversation, tick by tick, each with what belongs to it.

    Costs nothing while nobody holds it and it is not late.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Samples, T]] = deque()
        self._loudest, self._quietest = 0.0, 1.0  # power, of the last seconds
        self._paused = 0  # ticks of a pause played so far
        self._held = False

    @property
    def late(self) -> int:
        """Ticks by which what comes out is behind."""
        return len(self._kept)

    def tick(self, samples: Samples, with_it: T, *, held: bool) -> tuple[Samples, T]:
        """`held`: nobody hears it now. What is given back is the caller's to read only."""
        self._held = held
        if held or self._kept:
            self._keep(samples, with_it)
        if held:
            if len(self._kept) > KEPT:
                self._kept.popleft()
            return samples, with_it
        return self._next() if self._kept else (samples, with_it)

    def clear(self) -> int:
        """Forget what was not given back; the conversation is late no more. Gives the ticks by which it was."""
        late = 0 if self._held else self.late
        self._kept.clear()
        self._paused = 0
        return late

    def _keep(self, samples: Samples, with_it: T) -> None:
        loudness = power(samples)
        self._loudest = max(loudness, self._loudest * FADES)
        self._quietest = min(loudness, self._quietest / FADES)
        self._kept.append((loudness, samples, with_it))

    def _next(self) -> tuple[Samples, T]:
        quiet = max(self._loudest * FAINT, min(self._loudest * NOISE, self._quietest * 2))
        while len(self._kept) > 1 and self._paused >= PAUSE and self._goes_on(quiet):
            self._kept.popleft()
        loudness, samples, with_it = self._kept.popleft()
        self._paused = self._paused + 1 if loudness <= quiet else 0
        return samples, with_it

    def _goes_on(self, quiet: float) -> bool:
        """No word begins within ONSET ticks."""
        return all(loudness <= quiet for loudness, *_ in islice(self._kept, ONSET + 1))
