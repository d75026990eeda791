"""Whether a network goes on losing: some seconds of it, and neither one hole nor the disorder of an arrival.

It counts, and sees no packet.
"""

from collections import deque
from typing import Final

from hustings.base.allowance import Allowance
from hustings.stage.presence import Health

# One hole, however long, is a browser that was busy or a cable that was moved: no second counts for more than this.
RATE, BURST = 2.0, 2
LATELY: Final = 5.0  # s
RAISED: Final = 7  # frames lately, of 250: what is lost now and then is repaired, or heard by nobody
CURED: Final = 3


class Breaks:
    """One seat's. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.on = False
        self.renew()

    def renew(self) -> None:
        """Another session, perhaps by another network."""
        self._counts = Allowance(RATE, BURST)
        self._missed: deque[float] = deque()  # when
        self._known = 0  # missed in all

    def look(self, health: Health | None, now: float, *, held_up: bool = False) -> None:
        """`held_up`: the stage itself had not its turn, and what it missed meanwhile is no network's fault."""
        if health is None or not health.packets:
            self.renew()
        else:
            self._count(health.missed, now, held_up=held_up)
        while self._missed and now - self._missed[0] >= LATELY:
            self._missed.popleft()
        self.on = len(self._missed) >= (CURED if self.on else RAISED)

    def _count(self, missed: int, now: float, *, held_up: bool) -> None:
        new, self._known = missed - self._known, missed
        if not held_up:
            self._missed.extend(now for _ in range(min(new, BURST)) if self._counts.take(now))
