"""The rule that silences a seat which sends the programme back, and lets it in again; it measures no echo itself."""

from typing import Final

BACK_AFTER: Final = 5.0  # seconds without an echo: longer than the sentence's end that none comes back from


class EchoRule:
    """One seat's. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.silenced = False
        self._overruled = False
        self._echoed_at = float("-inf")

    def overrule(self) -> None:
        """A director wants it heard, echo or not: until the rule is made anew or another session sits there."""
        self._overruled = True
        self.silenced = False

    def renew(self) -> None:
        """Another session: perhaps with headphones."""
        self._overruled = self.silenced = False
        self._echoed_at = float("-inf")

    def look(self, echoes: bool, now: float, *, on: bool) -> None:
        if echoes:
            self._echoed_at = now
        if not on:
            self._overruled = False
        self.silenced = on and not self._overruled and now - self._echoed_at < BACK_AFTER
