"""When a part is missing, and what to do about it: the timeline of one rendition, as pure decisions.

A stage that dies, stalls or restarts must not silence those who listen: a part that is not here by its due time
and a margin is replaced by a hold part, and comes too late afterwards. Due times are measured from the parts
that did arrive, so that no two machines' clocks need agree. Never reads a clock, never touches bytes.
"""

from dataclasses import dataclass

from hustings.base import grid

MARGIN = 1.0  # seconds after the due time: a player holds 2.88 s back, and must still fetch the part
MOST = 1_000  # parts filled at once, 16 minutes; after a longer sleep the window starts anew
SETTLING = 2 * grid.PART_SECONDS  # seconds from the last part to the word that it was the last, see `over`
_CREEP = 0.001  # seconds a part: lets the estimate follow a sender's clock that runs up to 0.1 % slow


@dataclass(frozen=True, slots=True)
class Take:
    """Publish hold parts for `missing`, then the part that came."""

    missing: range


@dataclass(frozen=True, slots=True)
class Drop:
    """Its place is taken: the same name or another has been given out for it."""

    because: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The gap is too long to fill: forget the window and begin with this part."""

    because: str


Arrival = Take | Drop | Restart


class Timeline:
    """What has been published on the grid, and when the next part is due. Times are one clock's seconds."""

    def __init__(self, margin: float = MARGIN) -> None:
        self._margin = margin
        self._next: int | None = None
        self._last: int | None = None  # the programme's final part, once announced
        self._origin = 0.0  # when part 0 was due, as far as arrivals tell
        self._reached = 0.0  # when the newest part took its place

    @property
    def next_number(self) -> int | None:
        return self._next

    @property
    def finished(self) -> bool:
        return self._last is not None and self._next is not None and self._next > self._last

    def over(self, at: float) -> bool:
        """Whether it may be said that nothing follows. hls.js 1.7 fetches no more parts of a segment once it knows
        (`getFragmentAtPosition`): told together with the last part, it would leave that out and wait for ever.
        """
        return self.finished and at >= self._reached + SETTLING

    def arrived(self, number: int, at: float) -> Arrival:
        """Decide about part `number`, received at `at`; what it says is then done."""
        if self._last is not None and number > self._last:
            return Drop("the programme has ended before this part")
        if self._next is None:
            self._begin(number, at)
            return Take(range(0))
        if number < self._next:
            # Due times follow what comes too late, or a stage that is late for good would never be heard again.
            self._origin = at - (number + 1) * grid.PART_SECONDS
            return Drop("its place on the grid is filled")
        if number - self._next > MOST:
            self._begin(number, at)
            return Restart("the gap before this part is too long to fill")
        missing = range(self._next, number)
        self._origin = min(self._origin + _CREEP * (len(missing) + 1), at - (number + 1) * grid.PART_SECONDS)
        self._next, self._reached = number + 1, at
        return Take(missing)

    def ends_at(self, number: int) -> None:
        """The programme's last part is `number`; nothing is due after it."""
        self._last = number

    def due(self) -> float | None:
        """When the next part counts as lost; None while nothing has begun or all has ended."""
        if self._next is None or self.finished:
            return None
        return self._origin + (self._next + 1) * grid.PART_SECONDS + self._margin

    def overdue(self, at: float) -> range:
        """The parts that are lost by `at`, which are filled by that."""
        due = self.due()
        if self._next is None or due is None or at < due:
            return range(0)
        count = min(MOST, int((at - due) / grid.PART_SECONDS) + 1)
        if self._last is not None:
            count = min(count, self._last + 1 - self._next)
        first, self._next, self._reached = self._next, self._next + count, at
        return range(first, self._next)

    def _begin(self, number: int, at: float) -> None:
        self._next, self._reached = number + 1, at
        self._origin = at - (number + 1) * grid.PART_SECONDS
