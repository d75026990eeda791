"""How many listen to one Space at this edge: pages that say so, and an estimate of players that do not.

A page sends a beacon every 30 s. Other players are estimated from how often playlists are asked for, since each
asks once per part or once per segment. No address is kept. Time is passed in; memory is bounded. Counts of
several edges are to be merged as sketches by whoever replaces `Sessions`.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Protocol

from hustings.base import grid

SEEN_WITHIN = 70.0  # seconds: two beacons and some delay
MOST_SESSIONS = 200_000  # per Space; above it new ones are not counted, so that the count is a lower bound
RATE_WINDOW = 30  # seconds over which playlist requests are averaged
NOISE = 0.05  # share by which requests may exceed the beacons before anybody else is counted


@dataclass(frozen=True, slots=True)
class Count:
    """`pages` were heard of; `others` is an estimate."""

    pages: int
    others: int

    @property
    def listening(self) -> int:
        return self.pages + self.others


class DistinctSessions(Protocol):
    """Counts different sessions seen lately: exactly here, by sketches across edges later."""

    def saw(self, session: str, at: float) -> None: ...

    def count(self, at: float) -> int: ...


class Sessions:
    """Exact, in order of the last beacon."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._seen: OrderedDict[str, float] = OrderedDict()

    def saw(self, session: str, at: float) -> None:
        if session not in self._seen and self.count(at) >= self._most:
            return
        self._seen[session] = at
        self._seen.move_to_end(session)

    def count(self, at: float) -> int:
        while self._seen:
            session, seen = next(iter(self._seen.items()))
            if at - seen <= SEEN_WITHIN:
                break
            del self._seen[session]
        return len(self._seen)


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


class Audience:
    """The listeners of one Space."""

    def __init__(self, sessions: DistinctSessions | None = None) -> None:
        self._sessions = sessions or Sessions()
        self._players = Rate()

    def beacon(self, session: str, at: float) -> None:
        self._sessions.saw(session, at)

    def playlist(self, *, low_latency: bool, at: float) -> None:
        """A playlist was served: a player asks for one per part, or one per segment."""
        self._players.add(at, grid.PART_SECONDS if low_latency else grid.SEGMENT_SECONDS)

    def count(self, at: float) -> Count:
        pages = self._sessions.count(at)
        unheard = self._players.per_second(at) - pages
        return Count(pages, round(unheard) if unheard > max(0.5, NOISE * pages) else 0)
