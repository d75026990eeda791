"""What is wrong and for how long: the list that those who direct look at.

Whoever finds faults reports all that are there; an alarm goes up with the first report and stays a little after the
last, so that its row does not flicker. It finds nothing itself and knows no sentences.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from hustings.documents.heard import Place

STAYS: Final = 2.0  # seconds a fault must be away: ten looks at a seat
# What comes and goes with speech is away when a sentence or two went well, not in the pause between two words.
STAYS_LONGER: Final = {"clipping": 5.0, "echo": 5.0}


@dataclass(frozen=True, slots=True)
class Fault:
    """`part` is where on the way to a listener's ear it lies; `where` is an edge's address, for an edge's fault."""

    code: str
    part: Place = Place.SEAT
    seat: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    fault: Fault
    since: float  # Unix seconds


class Alarms:
    """One Space's. Sources report when they like; `look` makes the list."""

    def __init__(self) -> None:
        self._reported: dict[str, frozenset[Fault]] = {}
        self._raised: dict[Fault, Alarm] = {}
        self._seen: dict[Fault, float] = {}  # monotonic

    def report(self, source: str, faults: Collection[Fault]) -> None:
        """All that `source` finds wrong; what it found before and is not in `faults` is over."""
        self._reported[source] = frozenset(faults)

    def look(self, now: float, monotonic: float) -> None:
        """Call it a few times a second; `now` is Unix time."""
        for fault in frozenset[Fault]().union(*self._reported.values()):
            self._raised.setdefault(fault, Alarm(fault, now))
            self._seen[fault] = monotonic
        for fault in [*self._raised]:
            if monotonic - self._seen[fault] >= STAYS_LONGER.get(fault.code, STAYS):
                self._drop(fault)

    def forget(self, seat: str) -> None:
        """The seat is no more, nor is anything wrong with it."""
        for fault in [fault for fault in self._raised if fault.seat == seat]:
            self._drop(fault)
        for source, faults in self._reported.items():
            self._reported[source] = frozenset(fault for fault in faults if fault.seat != seat)

    def _drop(self, fault: Fault) -> None:
        del self._raised[fault], self._seen[fault]

    def __iter__(self) -> Iterator[Alarm]:
        """Newest last."""
        yield from self._raised.values()
