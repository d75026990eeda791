"""How late packets are, compared with the best the network did lately. Pure; fed with transits, reads no clock."""

from bisect import bisect_left, insort
from collections import deque
from typing import Final

WINDOW: Final = 400  # packets: 8 s at 20 ms, in which a clock off by 200 ppm moves 1.6 ms
QUANTILE: Final = 0.975


class Lateness:
    """A window of transits (arrival minus timestamp, seconds, of any origin)."""

    def __init__(self) -> None:
        self._window: deque[float] = deque()  # as they came
        self._ordered: list[float] = []  # the same, the smallest first
        self.best = 0.0  # the smallest transit of the window
        self.spread = 0.0  # seconds above the best within which nearly all of the window lies

    def add(self, transit: float) -> None:
        if len(self._window) == WINDOW:
            del self._ordered[bisect_left(self._ordered, self._window.popleft())]
        self._window.append(transit)
        insort(self._ordered, transit)
        self.best = self._ordered[0]
        self.spread = self._ordered[int((len(self._ordered) - 1) * QUANTILE)] - self.best

    def relative(self, transit: float) -> float:
        """Seconds later than the best; negative for a new best."""
        return transit - self.best
