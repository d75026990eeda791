"""What the as-heard monitor says of this Space: the newest verdict for each edge.

A monitor that is gone says nothing: its word is kept for a while only, and that it fell silent is a fault of its own.
"""

from collections import OrderedDict
from typing import Final

from hustings.documents.heard import Heard, Place
from hustings.stage.alarms import Fault

KEPT_FOR: Final = 15.0  # seconds: some of the monitor's turns
MOST_EDGES: Final = 64  # the one not told of for longest is forgotten first
SILENT: Final = Fault("silent", Place.MONITOR)


class HeardBook:
    """One Space's. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[float, Heard]] = OrderedDict()
        self._listens = False  # an installation may have no monitor

    def take(self, heard: Heard, at: float) -> None:
        self._listens = True
        self._told[heard.edge] = (at, heard)
        self._told.move_to_end(heard.edge)
        if len(self._told) > MOST_EDGES:
            self._told.popitem(last=False)

    def newest(self, now: float) -> list[tuple[float, Heard]]:
        """Each edge's, with its age in seconds, by the edge's address."""
        while self._told and now - next(iter(self._told.values()))[0] > KEPT_FOR:
            self._told.popitem(last=False)
        return [(now - at, heard) for _, (at, heard) in sorted(self._told.items())]

    def faults(self, now: float, *, live: bool) -> set[Fault]:
        """For the alarms: a fault before the edges is told once, whatever the number of edges that pass it on. While
        `live`, a monitor that listened and says nothing any more is one."""
        newest = self.newest(now)
        if live and self._listens and not newest:
            return {SILENT}
        return {
            Fault(told.what.value, told.fault, where=told.edge if told.fault is Place.EDGE else "")
            for _, told in newest
            if told.fault is not None
        }
