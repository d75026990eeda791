"""How often something may happen: so many a second on the whole, some of them at once. It reads no clock."""


class Allowance:
    """Times are seconds of one steady clock."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = self._left = float(burst)
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether it may happen once more."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
