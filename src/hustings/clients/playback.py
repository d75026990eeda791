"""What a listener would have heard: when sound began, how late parts came, where it stalled or was missing. Pure."""

from dataclasses import dataclass, field

import numpy as np

from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.clients.media import Samples

SILENCE = 10 ** (-60 / 20)  # full scale 1: below it nothing is being said
NOTICED = 0.02  # seconds: a shorter stall or gap is not counted


@dataclass(slots=True)
class Playback:
    """A player that starts with the first sound it has and never skips. All in seconds."""

    stalls: int = 0
    stalled: float = 0.0
    gaps: int = 0
    missing: float = 0.0
    played: float = 0.0  # of sound received
    silent: float = 0.0
    lateness: list[float] = field(default_factory=list)
    _began: float | None = None
    _first: float = 0.0
    _end: float = 0.0
    _energy: float = 0.0

    def arrived(self, at: float, start: float, samples: Samples) -> float:
        """Sound of media time `start` is in hand at `at`; gives back how much is missing before it."""
        gap = self.gap_before(start)
        if self._began is None:
            self._began, self._first, self._end = at, start, start
        if gap:
            self.gaps += 1
            self.missing += gap
        late = at - (self._began + start - self._first + self.stalled)
        if late > NOTICED:
            self.stalls += 1
            self.stalled += late
        self._listen(samples)
        self._end = start + len(samples) / SAMPLE_RATE
        return gap

    @property
    def heard(self) -> float:
        """With the silence in the place of what was missing."""
        return self.played + self.missing

    def gap_before(self, start: float) -> float:
        """What is missing before sound of media time `start`."""
        gap = 0.0 if self._began is None else start - self._end
        return gap if gap > NOTICED else 0.0

    def _listen(self, samples: Samples) -> None:
        self.played += len(samples) / SAMPLE_RATE
        self._energy += float(np.sum(samples.astype(np.float64) ** 2))
        ticks = samples[: len(samples) // TICK * TICK].reshape(-1, TICK)
        quiet = np.sqrt(np.mean(ticks**2, axis=1)) < SILENCE
        self.silent += float(np.count_nonzero(quiet)) * TICK / SAMPLE_RATE

    @property
    def level(self) -> float | None:
        """Root mean square of all that was heard, dBFS; None for digital silence."""
        if not self._energy:
            return None
        return float(10 * np.log10(self._energy / (self.played * SAMPLE_RATE)))

    def lateness_at(self, quantile: float) -> float | None:
        """Seconds from the last sample of a part being due to the part being in hand; None when none was measured."""
        return float(np.quantile(self.lateness, quantile)) if self.lateness else None
