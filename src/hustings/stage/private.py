"""What one person alone hears: the cue of going on air or off it, and the check of how they sound.

None of it reaches anybody else's ears, the programme or a recording. It decides nothing about who is on air.
"""

from collections import deque

from hustings.audio.cues import cue
from hustings.audio.level import Samples
from hustings.audio.preflight import Preflight, Step
from hustings.base.errors import Conflict
from hustings.base.grid import TICK_SECONDS
from hustings.documents.space import Seat, SpacePlan, SpaceState
from hustings.stage.presence import Attendance, Health, Presence


class CheckOnAir(Conflict):
    """A check takes the conversation from its speaker's ears, and listeners would hear it."""

    code = "check_on_air"


class NothingToCheck(Conflict):
    """No microphone is connected."""

    code = "not_connected"


def require_checkable(plan: SpacePlan, seat: Seat, attendance: Attendance) -> None:
    """Raises CheckOnAir or NothingToCheck."""
    if plan.state is SpaceState.LIVE and seat.on_air:
        raise CheckOnAir("You are on air. Go off air first: the check takes ten seconds.")
    if attendance.state is not Presence.CONNECTED:
        raise NothingToCheck("No microphone is connected. Take your seat first.")


class Check:
    """A preflight with the times its watchers are told, in Unix seconds."""

    def __init__(self) -> None:
        self.preflight = Preflight()
        self.ends_at: float | None = None  # of the step
        self.at: float | None = None  # when it was done
        self._step: Step | None = None

    def look(self, now: float, health: Health | None) -> None:
        if health is not None:
            self.preflight.network(health.loss, health.concealed)
        if self.preflight.step is self._step:
            return
        self._step = self.preflight.step
        self.ends_at = now + self.preflight.left * TICK_SECONDS
        self.at = now if self._step is Step.DONE else None


class Private:
    """One seat's. `sound` is this tick's, None for none; `alone` when nothing else is to be heard beside it."""

    def __init__(self) -> None:
        self.check: Check | None = None
        self.sound: Samples | None = None
        self.alone = False
        self._cue: deque[Samples] = deque()

    def tell(self, on_air: bool) -> None:
        self._cue = deque(cue(on_air))

    def begin(self) -> None:
        """Check anew; `require_checkable` first."""
        self.check = Check()

    def stop(self) -> None:
        """Drop a check that is under way; one that is done stays to be read."""
        if self.checking:
            self.check = None

    @property
    def checking(self) -> bool:
        return self.check is not None and self.check.preflight.step is not Step.DONE

    def tick(self, came: Samples | None) -> None:
        """`came`: what the microphone gives in this tick, muted or not."""
        self.sound, self.alone = None, False
        if self.check is not None and self.checking:
            self.sound = self.check.preflight.sent
            self.alone = self.sound is not None
            self.check.preflight.tick(came)
        elif self._cue:
            self.sound = self._cue.popleft()
