"""What a receiver knows of one source: loss and jitter by RFC 3550 A.1, A.3 and A.8, told honestly.

It counts what the network delivered, before any buffer; what came too late to be heard is not its matter.
"""

from typing import Final

from hustings.audio.rtp import unwrap
from hustings.audio.rtp_control import ReportBlock

CLOCK_RATE: Final = 48_000
MAX_DROPOUT: Final = 3000  # packets: a longer leap is a restarted sender, not a loss (A.1)


class Reception:
    """One source's packets, counted."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self._base: int | None = None
        self._highest = 0
        self._transit: float | None = None
        self._jitter = 0.0  # timestamp units
        self._reported = (0, 0)  # expected, received at the last report

    def add(self, sequence: int, timestamp: int, arrived: float) -> None:
        """Count a packet; `arrived` in seconds of any steady clock."""
        if self._base is None or abs(unwrap(sequence, self._highest, 16) - self._highest) > MAX_DROPOUT:
            self._restart(sequence)
        self._highest = max(self._highest, unwrap(sequence, self._highest, 16))
        self.received += 1
        transit = arrived * CLOCK_RATE - timestamp
        if self._transit is not None:
            # The timestamp wraps and so does the difference of two transits.
            change = unwrap(int(transit - self._transit), 0, 32)
            self._jitter += (abs(change) - self._jitter) / 16
        self._transit = transit

    def _restart(self, sequence: int) -> None:
        self._base = self._highest = sequence
        self.received = 0
        self._transit = None
        self._reported = (0, 0)

    @property
    def expected(self) -> int:
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def jitter_seconds(self) -> float:
        return self._jitter / CLOCK_RATE

    def report(self, *, last_report: int = 0, since_last_report: float = 0.0) -> ReportBlock:
        """The block for the next report; the fraction is of the time since the block before."""
        expected = self.expected - self._reported[0]
        lost = expected - (self.received - self._reported[1])
        self._reported = (self.expected, self.received)
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0,
            cumulative_lost=self.expected - self.received,
            highest_sequence=self._highest,
            jitter=int(self._jitter),
            last_report=last_report,
            since_last_report=int(since_last_report * 65536) if last_report else 0,
        )
