"""A simulated crowd of listening pages over several edges, and what is truly so of it, in virtual time."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from hustings.documents.distinct import MOST_LEVEL, level_of
from hustings.documents.turnout import REPORTS_EVERY, EdgeCount, Turnout
from hustings.edge.audience import MOST_PAGES, Audience, Audiences
from hustings.stage.headcount import Headcount

ROUND = 10.0  # seconds between two turns of counting
SPACE = "space1"


def ids(count: int, level: int = 0) -> list[str]:
    """Different sessions of at least this level."""
    below = 1 << MOST_LEVEL - level
    return [f"{secrets.randbelow(below):03x}{number:021x}" for number in range(count)]


@dataclass(frozen=True)
class Crowd:
    """`size` pages at once: they come within a minute and are replaced as they go. Times in seconds."""

    size: int
    seed: int
    lasts: float = 180.0
    stay: float = 1200.0  # mean
    tells: float = 0.8  # the share that says when it leaves
    moves: float = 0.1  # the share whose reports go to another edge from some moment on
    stalls: float = 0.1  # the share whose sound stops once
    edges: int = 3


@dataclass(frozen=True, slots=True)
class Said:
    """One report of one page."""

    at: float
    session: str
    edge: int
    stalled: bool
    left: bool


class Pages:
    """Every page there ever is."""

    def __init__(self, crowd: Crowd) -> None:
        rng = np.random.default_rng(crowd.seed)
        later = rng.poisson((crowd.lasts - 60) * crowd.size / crowd.stay)
        come = [rng.uniform(0, 60, crowd.size), rng.uniform(60, crowd.lasts, later)]
        self.came = np.sort(np.concatenate(come))
        count = len(self.came)
        self.left = self.came + rng.exponential(crowd.stay, count)
        self.stalled = np.where(rng.random(count) < crowd.stalls, rng.uniform(self.came, crowd.lasts), np.inf)
        self.stalled[self.stalled >= self.left] = np.inf
        self._moved = np.where(rng.random(count) < crowd.moves, rng.uniform(self.came, crowd.lasts), np.inf)
        self._edges = rng.integers(0, crowd.edges, (2, count))
        self._tells = rng.random(count) < crowd.tells
        ids = rng.bytes(12 * count)
        self._ids = [ids[12 * page : 12 * page + 12].hex() for page in range(count)]
        self._until = crowd.lasts

    def listening(self, at: float) -> int:
        return int(np.count_nonzero((self.came <= at) & (at < self.left)))

    def ever(self, at: float) -> int:
        return int(np.count_nonzero(self.came <= at))

    def ever_stalled(self, at: float) -> int:
        """Those who have reported it: the next report after it happened."""
        reported = self.came + np.ceil((self.stalled - self.came) / REPORTS_EVERY) * REPORTS_EVERY
        reported = np.where(reported < self.left, reported, np.where(self._tells, self.left, np.inf))
        reported[np.isinf(self.stalled)] = np.inf
        return int(np.count_nonzero(reported <= at))

    def said(self) -> list[Said]:
        """All reports in order."""
        return sorted((one for page in range(len(self.came)) for one in self._of(page)), key=lambda one: one.at)

    def _of(self, page: int) -> Iterator[Said]:
        came, left, stalled = float(self.came[page]), float(self.left[page]), float(self.stalled[page])
        for at in np.arange(came, min(left, self._until), REPORTS_EVERY):
            yield self._report(page, float(at), left=False, stalled=bool(at - REPORTS_EVERY < stalled <= at))
        if left < self._until and self._tells[page]:
            last = left - (left - came) % REPORTS_EVERY
            yield self._report(page, left, left=True, stalled=bool(last < stalled <= left))

    def _report(self, page: int, at: float, *, left: bool, stalled: bool) -> Said:
        edge = int(self._edges[int(at >= self._moved[page])][page])
        return Said(at, self._ids[page], edge, stalled, left)


@dataclass
class Town:
    """Edges and the stage that counts for them. `reports` are those that came to each edge in each second."""

    edges: list[Audiences]
    stage: Headcount = field(default_factory=Headcount)
    reports: dict[tuple[int, int], int] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, edges: int, most: int = MOST_PAGES) -> "Town":
        return cls([Audiences(most) for _ in range(edges)])

    def audience(self, edge: int) -> Audience:
        return self.edges[edge].of(SPACE)

    def hear(self, said: Said) -> None:
        """A page reports if it is asked to, as its edge tells it."""
        if level_of(said.session) < self.audience(said.edge).sampling.asked or said.edge in self.dead:
            return
        key = (said.edge, int(said.at))
        self.reports[key] = self.reports.get(key, 0) + 1
        self.edges[said.edge].beacon(SPACE, said.session, said.at, stalled=said.stalled, left=said.left)

    def turn(self, at: float) -> Turnout:
        """Each edge tells the stage, and is told."""
        for number, edge in enumerate(self.edges):
            if number not in self.dead:
                edge.look(at)
                audience = edge.of(SPACE)
                audience.told(self.stage.take(self.report(number, at), at), at)
        return self.stage.turnout(at)

    def report(self, edge: int, at: float) -> EdgeCount:
        return self.audience(edge).report(f"edge{edge}", at)

    def play(self, pages: Pages, until: float) -> Iterator[tuple[float, Turnout]]:
        """Every turn, with what the stage knows after it."""
        due = ROUND
        for said in pages.said():
            while said.at >= due:
                yield due, self.turn(due)
                due += ROUND
            self.hear(said)
        while due <= until:
            yield due, self.turn(due)
            due += ROUND
