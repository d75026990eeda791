"""What one edge knows of who listens to one Space: pages that say so, and an estimate of players that do not.

A page reports every 30 s, and says when it leaves. Other players are estimated from how often playlists are asked
for, since each asks once per part or once per segment. No address is kept. Time is passed in.

The attack it stops: reports of made-up pages, by the million. What is held of pages has a size; where it is reached,
one page in two is asked to report, then one in four, and whoever is not asked is neither held nor counted.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from hustings.base import grid
from hustings.documents.distinct import MOST_LEVEL, level_of
from hustings.documents.turnout import WITHIN

MOST_HELD = 100_000  # of one Space: more than an edge ever asks for, so only forged ids are left out
RATE_WINDOW = 30  # seconds over which playlist requests are averaged
NOISE = 0.05  # share by which requests may exceed the pages before anybody else is counted


@dataclass(frozen=True, slots=True)
class Count:
    """`pages` were heard of, `stalled` of them had to wait for sound; `others` is an estimate."""

    pages: int
    others: int
    stalled: int = 0


class Sessions:
    """Those heard of within WITHIN seconds, exactly."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._seen: OrderedDict[str, float] = OrderedDict()  # by when they were heard of last
        self._levels = [0] * (MOST_LEVEL + 1)  # how many are of each

    def __len__(self) -> int:
        return len(self._seen)

    def saw(self, session: str, at: float) -> None:
        if session not in self._seen:
            if len(self._seen) >= self._most:
                return
            self._levels[level_of(session)] += 1
        self._seen[session] = at
        self._seen.move_to_end(session)

    def left(self, session: str) -> None:
        if self._seen.pop(session, None) is not None:
            self._levels[level_of(session)] -= 1

    def expire(self, at: float) -> None:
        while self._seen:
            session, seen = next(iter(self._seen.items()))
            if at - seen <= WITHIN:
                return
            self.left(session)

    def keep(self, level: int) -> None:
        """Let go of all below a level."""
        if any(self._levels[:level]):
            for session in [one for one in self._seen if level_of(one) < level]:
                self.left(session)

    def at_least(self, level: int) -> Iterator[str]:
        return (session for session in self._seen if level_of(session) >= level)

    def count(self, level: int) -> int:
        """How many there are, if those of `level` and above stand for all."""
        return sum(self._levels[level:]) << level


class Sampling:
    """Which pages are asked to report: those of level `asked` and above."""

    def __init__(self) -> None:
        self.asked = 0
        self._before, self._until = 0, 0.0

    def ask(self, level: int, at: float) -> None:
        if level < self.asked:
            self._before, self._until = self.whole(at), at + WITHIN
        self.asked = level

    def whole(self, at: float) -> int:
        """The level from which on everybody was asked for long enough to have reported."""
        return max(self.asked, self._before) if at < self._until else self.asked


class Rate:
    """Events of weight per second, averaged over the last RATE_WINDOW seconds."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[int, float]] = deque()
        self._since: float | None = None

    def add(self, at: float, weight: float) -> None:
        if self._since is None:
            self._since = at
        second = int(at)
        if self._buckets and self._buckets[-1][0] == second:
            weight += self._buckets.pop()[1]
        self._buckets.append((second, weight))

    def per_second(self, at: float) -> float:
        while self._buckets and self._buckets[0][0] < at - RATE_WINDOW:
            self._buckets.popleft()
        if self._since is None or not self._buckets:
            self._since = None
            return 0.0
        return sum(weight for _, weight in self._buckets) / max(5.0, min(RATE_WINDOW, at - self._since))


class Players:
    """How many listen without a page."""

    def __init__(self) -> None:
        self._playlists = Rate()
        self._pages: deque[tuple[float, int]] = deque()  # as many as there were lately: they asked for playlists too

    def playlist(self, *, low_latency: bool, at: float) -> None:
        """A playlist was served: a player asks for one per part, or one per segment."""
        self._playlists.add(at, grid.PART_SECONDS if low_latency else grid.SEGMENT_SECONDS)

    def estimate(self, pages: int, at: float) -> int:
        if self._pages and int(self._pages[-1][0]) == int(at):
            pages = max(pages, self._pages.pop()[1])
        self._pages.append((at, pages))
        while self._pages[0][0] < at - RATE_WINDOW:
            self._pages.popleft()
        heard = max(lately for _, lately in self._pages)
        unheard = self._playlists.per_second(at) - heard
        return round(unheard) if unheard > max(0.5, NOISE * heard) else 0
