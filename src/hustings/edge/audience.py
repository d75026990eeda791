"""The listeners of each Space as one edge counts them, and as it shows them: its own beside what the stage told it
of all the others.

Without the stage it goes on with its own count. It opens no connection (edge/town.py does). Time is passed in.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import structlog

from hustings.documents.distinct import MOST_LEVEL, Distinct, level_of
from hustings.documents.turnout import REPORTS_EVERY, EdgeCount, TownCount, Turnout
from hustings.edge.counting import Count, Players, Sampling, Sessions

log = structlog.get_logger(__name__)

REPORTS = 700  # a second that an edge asks of all pages together: so many that 20,000 pages need no sample
MOST_PAGES = int(REPORTS * REPORTS_EVERY)
SPARE = 4  # below this part of them, more pages are asked again
LOOK_EVERY = 1.0  # seconds between two looks at how many there are
AUDIENCES = 2_000  # Spaces counted at once; the one heard of longest ago is forgotten first
TOLD_FOR = 60.0  # seconds the stage's word on the other edges is good for


@dataclass(frozen=True, slots=True)
class _Told:
    at: float
    town: TownCount


class Audience:
    """The listeners of one Space. `wants` is the level at which this edge would have few enough reports."""

    def __init__(self) -> None:
        self.wants = 0
        self.sampling = Sampling()
        self._here, self._stalled = Sessions(), Sessions()
        self._came = Distinct()
        self._players = Players()
        self._told: _Told | None = None

    def __len__(self) -> int:
        return len(self._here)

    def beacon(self, session: str, at: float, *, stalled: bool = False, left: bool = False) -> None:
        """A page's report; of one that is not asked, nothing is kept."""
        if level_of(session) < self.sampling.asked:
            return
        self._came.add(session)
        if stalled:
            self._stalled.saw(session, at)
        if left:
            self._here.left(session)
        else:
            self._here.saw(session, at)

    def playlist(self, *, low_latency: bool, at: float) -> None:
        self._players.playlist(low_latency=low_latency, at=at)

    def expire(self, at: float) -> None:
        self._here.expire(at)
        self._stalled.expire(at)

    def ask(self, wants: int, at: float) -> None:
        """As few pages as this edge wants to hear of, or any other does."""
        self.wants = wants
        self.sampling.ask(max(wants, self._elsewhere(at).level), at)
        for sessions in (self._here, self._stalled):
            sessions.keep(self.sampling.asked)

    def count(self, at: float) -> Count:
        self.expire(at)
        level = self.sampling.whole(at)
        pages = self._here.count(level)
        return Count(pages, self._players.estimate(pages, at), self._stalled.count(level))

    # What the stage is told, and tells

    def report(self, edge: str, at: float) -> EdgeCount:
        """Who came is told once; give it back by `untold` when nobody took it."""
        count, level = self.count(at), self.sampling.whole(at)
        came, self._came = self._came, Distinct()
        return EdgeCount(
            edge=edge,
            level=level,
            wants=self.wants,
            here=Distinct(self._here.at_least(level)).pack(),
            came=came.pack(),
            stalled=Distinct(self._stalled.at_least(level)).pack(),
            estimated=count.others,
        )

    def untold(self, report: EdgeCount) -> None:
        self._came.merge(report.came)

    def told(self, town: TownCount, at: float) -> None:
        if not town.whole:  # the others are where they were
            known = self._elsewhere(at)
            town = msgspec.structs.replace(
                town, elsewhere=known.elsewhere, elsewhere_estimated=known.elsewhere_estimated
            )
        self._told = _Told(at, town)
        self.ask(self.wants, at)

    def _elsewhere(self, at: float) -> TownCount:
        """What is known of the other edges, while that is not too old."""
        if self._told is None:
            return TownCount(Turnout(), level=0)
        if at - self._told.at <= TOLD_FOR:
            return self._told.town
        past = self._told.town.turnout
        return TownCount(Turnout(peak=past.peak, unique=past.unique, stalled_share=past.stalled_share), level=0)

    def turnout(self, at: float) -> Turnout:
        """All edges together: this one as it is, the others as they were when the stage last told of them."""
        here, town = self.count(at), self._elsewhere(at)
        pages, estimated = here.pages + town.elsewhere, here.others + town.elsewhere_estimated
        return msgspec.structs.replace(
            town.turnout,
            listening=pages + estimated,
            estimated=estimated,
            peak=max(town.turnout.peak, pages + estimated),
            unique=max(town.turnout.unique, pages),
            stalled=max(town.turnout.stalled, here.stalled),
            one_in=2**self.sampling.asked,
        )


class Audiences:
    """Those of all Spaces. Together they hold `most` pages, and what comes within LOOK_EVERY."""

    def __init__(self, most: int = MOST_PAGES) -> None:
        self._most = most
        self._audiences: OrderedDict[str, Audience] = OrderedDict()
        self._looked_at = 0.0

    def __iter__(self) -> Iterator[tuple[str, Audience]]:
        return iter(list(self._audiences.items()))

    def of(self, space: str) -> Audience:
        if space not in self._audiences:
            self._audiences[space] = Audience()
            while len(self._audiences) > AUDIENCES:
                self._audiences.popitem(last=False)
        self._audiences.move_to_end(space)
        return self._audiences[space]

    def beacon(self, space: str, session: str, at: float, *, stalled: bool = False, left: bool = False) -> None:
        self.of(space).beacon(session, at, stalled=stalled, left=left)
        if at - self._looked_at >= LOOK_EVERY:
            self._looked_at = at
            self.look(at)

    def look(self, at: float) -> None:
        """Ask fewer pages of the Space with the most, or more again of the one that asks fewest."""
        for audience in self._audiences.values():
            audience.expire(at)
        held = sum(map(len, self._audiences.values()))
        if held * SPARE < self._most:
            self._ask_more(at)
        while held > self._most:
            audience = max(self._audiences.values(), key=len)
            if audience.sampling.asked >= MOST_LEVEL:
                return
            held -= len(audience)
            audience.ask(audience.sampling.asked + 1, at)
            held += len(audience)
            log.warning("fewer pages are asked to report", one_in=2**audience.sampling.asked)

    def _ask_more(self, at: float) -> None:
        audience = max(self._audiences.values(), key=lambda one: one.wants, default=None)
        if audience is not None and audience.wants and audience.sampling.whole(at) == audience.sampling.asked:
            audience.ask(audience.wants - 1, at)
