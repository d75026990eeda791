"""What a speaker says: a recording and the moment it began. Pure: what is due is asked with the time.

The recording runs on while the speaker is disconnected, as a person's would: so that two speakers of one
dialogue stay together whatever happens to either.
"""

from dataclasses import dataclass

import numpy as np

from hustings.base.grid import SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.clients.media import Samples, silence


@dataclass(slots=True)
class Voice:
    """A recording; `started` is the monotonic second of its first sample, None until somebody begins it.

    It may lie ahead: until then there is silence to say, under negative numbers.
    """

    samples: Samples
    loop: bool = False
    started: float | None = None

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    def begin(self, now: float) -> float:
        """Start at `now` unless it has begun; gives back when it began."""
        if self.started is None:
            self.started = now
        return self.started

    def position(self, now: float) -> float:
        """Seconds since it began, over all rounds of a loop; 0 before."""
        return max(0.0, self._elapsed(now))

    def _elapsed(self, now: float) -> float:
        return 0.0 if self.started is None else now - self.started

    def is_over(self, now: float) -> bool:
        return not self.loop and self._elapsed(now) >= self.duration

    def tick_at(self, now: float) -> int:
        """The number of the first 20 ms tick that begins at or after `now`."""
        return int(np.ceil(round(self._elapsed(now) / TICK_SECONDS, 6)))

    def tick(self, number: int) -> Samples:
        """960 samples: silence before the recording begins and where it is over."""
        start = number * TICK
        if start < 0:
            return silence(TICK)
        if self.loop:
            return np.take(self.samples, np.arange(start, start + TICK), mode="wrap")
        said = self.samples[start : start + TICK]
        return np.pad(said, (0, TICK - len(said)))
