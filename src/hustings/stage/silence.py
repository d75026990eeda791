"""For how long a conversation has been dead air, and whether the hold sound stands in for it.

What brings the hold sound is that nobody is heard at all; what ends it is clear speech, not a murmur. It plays
nothing itself and measures no sound.
"""

from collections.abc import Iterable
from typing import Protocol

from hustings.documents.space import SpacePlan, SpaceState
from hustings.stage.presence import Lasting
from hustings.stage.programme import IDLE_FOR

DEAD_AIR = 3.0  # seconds without a sound: longer than any pause of thought


class Aired(Protocol):
    """An open microphone on air."""

    @property
    def manned(self) -> bool: ...
    @property
    def voiced(self) -> bool: ...
    @property
    def speaks(self) -> bool: ...


class Silence:
    """One Space's. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._empty, self._quiet = Lasting(), Lasting()
        self.heard = False  # those on air, in the last look
        self.idle_for = 0.0  # seconds for which listeners would have heard nothing that is meant

    def look(self, plan: SpacePlan, aired: Iterable[Aired], now: float) -> None:
        aired = list(aired)
        expected = plan.state is SpaceState.LIVE and not plan.hold
        self.heard = any(each.speaks if self.held else each.voiced for each in aired)
        empty = self._empty.look(expected and not any(each.manned for each in aired), now)
        quiet = self._quiet.look(expected and not self.heard, now)
        self.idle_for = empty if plan.silence_intended else max(empty, quiet)

    @property
    def held(self) -> bool:
        """The hold sound came by itself and has not gone."""
        return self.idle_for >= IDLE_FOR

    @property
    def dead_air(self) -> float:
        """Seconds for which nobody on air has been heard while live; 0 when it is shorter than a pause may be."""
        return self._quiet.seconds if self._quiet.seconds >= DEAD_AIR else 0.0
