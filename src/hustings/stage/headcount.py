"""How many listen to one Space over all edges: their counts put together, each page once wherever it was heard.

An edge that says nothing any more is out of the count of now when its pages would be; it is never out of the peak
or of who ever came. It opens no connection and reads no clock; times are monotonic seconds. Memory does not grow
with the number of listeners: sketches have a size, and so has the number of edges.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hustings.documents.distinct import Distinct, Packed
from hustings.documents.turnout import TURN, WITHIN, EdgeCount, Kept, TownCount, Turnout

MOST_EDGES: Final = 64  # the one heard of longest ago is left out first
FEW: Final = 8  # edges whose counts are put together at every report; of more, once every AT_MOST_EVERY seconds
AT_MOST_EVERY: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Told:
    at: float
    count: EdgeCount
    pages: int  # here, by its own word


class _Ever:
    """Who ever came, and whose sound ever stopped."""

    def __init__(self, kept: Kept) -> None:
        self.level = kept.level
        self._came, self._stalled = Distinct(), Distinct()
        self._came.merge(kept.came)
        self._stalled.merge(kept.stalled)

    def take(self, told: EdgeCount) -> None:
        self._came.merge(told.came)
        self._stalled.merge(told.stalled)
        self.level = max(self.level, told.level)

    def came(self) -> int:
        return round(self._came.estimate(self.level))

    def stalled(self) -> int:
        return round(self._stalled.estimate(self.level))

    def kept(self, peak: int) -> Kept:
        return Kept(peak, self.level, self._came.pack(), self._stalled.pack())


class Headcount:
    """One Space's listeners."""

    def __init__(self, kept: Kept | None = None) -> None:
        """Raises BadSketch."""
        self._resumed_at: float | None = None  # the first word after a start with something kept
        self._resumes = kept is not None
        kept = kept or Kept()
        self._ever = _Ever(kept)
        self._edges: OrderedDict[str, _Told] = OrderedDict()
        self._merged_at: float | None = None
        self.newest = Turnout()
        self.newest = self._whole(0, 0, 0, kept.peak)

    def take(self, told: EdgeCount, at: float) -> TownCount:
        """Raises BadSketch."""
        pages = Distinct()
        pages.merge(told.here)
        self._ever.take(told)
        self._edges[told.edge] = _Told(at, told, round(pages.estimate(told.level)))
        self._edges.move_to_end(told.edge)
        if len(self._edges) > MOST_EDGES:
            self._edges.popitem(last=False)
        if self._resumes and self._resumed_at is None:
            self._resumed_at = at
        turnout = self.turnout(at)
        mine = self._edges[told.edge]
        return TownCount(
            turnout,
            level=max(other.count.wants for other in self._edges.values()),
            elsewhere=max(0, turnout.listening - turnout.estimated - mine.pages),
            elsewhere_estimated=max(0, turnout.estimated - told.estimated),
            whole=self._resumed_at is None or at - self._resumed_at >= TURN,
        )

    def turnout(self, at: float) -> Turnout:
        while self._edges and at - next(iter(self._edges.values())).at > WITHIN:
            self._edges.popitem(last=False)
        if self._merged_at is None or len(self._edges) <= FEW or at - self._merged_at >= AT_MOST_EVERY:
            self._merged_at = at
            estimated = sum(told.count.estimated for told in self._edges.values())
            pages, stalled = self._sum(lambda count: count.here), self._sum(lambda count: count.stalled)
            self.newest = self._whole(pages, estimated, stalled, self.newest.peak)
        return self.newest

    def kept(self) -> Kept:
        return self._ever.kept(self.newest.peak)

    def _whole(self, pages: int, estimated: int, stalled: int, peak: int) -> Turnout:
        unique = max(self._ever.came(), pages)
        return Turnout(
            listening=pages + estimated,
            estimated=estimated,
            peak=max(peak, pages + estimated),
            unique=unique,
            stalled=stalled,
            stalled_share=min(1.0, round(self._ever.stalled() / unique, 4)) if unique else 0.0,
            one_in=2 ** max((told.count.level for told in self._edges.values()), default=self._ever.level),
        )

    def _sum(self, of: Callable[[EdgeCount], Packed]) -> int:
        """Edges that ask the same share of their pages are counted as one; for the seconds in which they do not, a
        page that moves between them may be counted at both."""
        levels: defaultdict[int, Distinct] = defaultdict(Distinct)
        for told in self._edges.values():
            levels[told.count.level].merge(of(told.count))
        return round(sum(sessions.estimate(level) for level, sessions in levels.items()))
