"""How late packets are, compared with the best the network did lately. Pure; fed with transits, reads no clock."""

from collections import deque
from typing import Final

WINDOW: Final = 400  # packets: 8 s at 20 ms, in which a clock off by 200 ppm moves 1.6 ms
QUANTILE: Final = 0.975
EVERY: Final = 8  # packets between two sorts


class Lateness:
    """A window of transits (arrival minus timestamp, seconds, of any origin)."""

    def __init__(self) -> None:
        self._window: deque[float] = deque(maxlen=WINDOW)
        self._count = 0
        self.best = 0.0  # the smallest transit of the window
        self.spread = 0.0  # seconds above the best within which nearly all of the window lies

    def add(self, transit: float) -> None:
        self._window.append(transit)
        if self._count == 0 or transit < self.best:
            self.best = transit
        if self._count % EVERY == 0:
            self._sort()
        self._count += 1

    def _sort(self) -> None:
        ordered = sorted(self._window)
        self.best = ordered[0]
        self.spread = ordered[int((len(ordered) - 1) * QUANTILE)] - self.best

    def relative(self, transit: float) -> float:
        """Seconds later than the best; negative for a new best."""
        return transit - self.best
