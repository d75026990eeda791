"""The eye on one Space's seats, five times a second: guards, dead air, the rule against echoes, alarms.

It puts together what others measure, and sends, mixes and mutes nothing.
"""

from collections.abc import Collection, Iterator
from typing import Final

from hustings.documents.space import SpacePlan, SpaceState
from hustings.stage.alarms import Alarms, Fault
from hustings.stage.breaks import Breaks
from hustings.stage.chair import Chair
from hustings.stage.echo_rule import EchoRule
from hustings.stage.guard import LOOK, Guard
from hustings.stage.presence import Health, Lasting, Presence
from hustings.stage.silence import Silence

STOOD: Final = 0.1  # s by which the stage is late to a look: it did not get its turn
AFTER: Final = 1.0  # s in which it makes up for that


class SeatWatch:
    """One seat's: its guard, the rule's verdict, and what is wrong with it."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.rule = EchoRule()
        self.on_air = Lasting()
        self.manned = False
        self.judged = False  # by its sound: who works the show is heard by nobody out there
        self._loss = Breaks()
        self._missing = False

    def renew(self) -> None:
        """Another session: perhaps another microphone, perhaps headphones."""
        self.rule.renew()
        self.guard.learn_anew()
        self._loss.renew()

    @property
    def voiced(self) -> bool:
        return self.guard.voiced and not self.rule.silenced

    @property
    def speaks(self) -> bool:
        return self.guard.speaks and not self.rule.silenced

    def look(
        self, chair: Chair, health: Health | None, monotonic: float, *, others_talk: bool, held_up: bool
    ) -> None:
        presence = chair.attendance.state
        self.manned = presence is Presence.CONNECTED
        self.guard.look(
            chair.meter.db, is_open=self.manned and not chair.seat.muted, aired=chair.aired, others_talk=others_talk
        )
        if chair.health.clipping:
            self.guard.learn_anew()  # the cure is a gain turned down, which is no whisper
        self.judged = self.manned and not chair.works_the_show
        self._loss.look(health if self.judged else None, monotonic, held_up=held_up)
        # Lost, not left: whoever closed the page is not called back.
        self._missing = presence is Presence.RECONNECTING or (self._missing and not self.manned)

    def faults(self, chair: Chair) -> Iterator[str]:
        if chair.aired and self._missing:
            yield "absent"
        if self._loss.on:
            yield "loss"
        if self.judged and not chair.seat.muted:
            health = chair.health
            for code, wrong in (
                ("narrowband", health.narrowband),
                ("dead", health.dead),
                ("clipping", health.clipping),
                ("echo", health.echoes),
            ):
                if wrong:
                    yield code
        if self.guard.word:
            yield self.guard.word


class Watch:
    """One Space's seats, looked at every LOOK seconds of stage/guard.py."""

    def __init__(self, alarms: Alarms) -> None:
        self.silence = Silence()
        self._alarms = alarms
        self._seats: dict[str, SeatWatch] = {}
        self._looked_at: float | None = None
        self._made_up_at = 0.0  # when what came of standing still is over

    def seat(self, seat: str) -> SeatWatch:
        return self._seats.setdefault(seat, SeatWatch())

    def forget(self, seat: str) -> None:
        self._seats.pop(seat, None)
        self._alarms.forget(seat)

    def overrule(self, seat: str) -> None:
        """A director wants to hear a seat that the rule silenced."""
        if seat in self._seats:
            self._seats[seat].rule.overrule()

    def look(self, plan: SpacePlan, chairs: Collection[Chair], now: float, monotonic: float) -> None:
        """`now` is Unix time."""
        talking = {chair.seat.id for chair in chairs if chair.aired and self.seat(chair.seat.id).speaks}
        live = plan.state is SpaceState.LIVE
        held_up = self._held_up(monotonic)
        for chair in chairs:
            seat = self.seat(chair.seat.id)
            seat.on_air.look(live and chair.seat.on_air and not chair.works_the_show, monotonic)
            health = chair.peer.health() if chair.peer is not None else None
            seat.look(chair, health, monotonic, others_talk=bool(talking - {chair.seat.id}), held_up=held_up)
            open_mic = seat.manned and not chair.seat.muted
            seat.rule.look(open_mic and chair.health.echoes, monotonic, on=plan.mute_echo)
            chair.silence(seat.rule.silenced)
            if chair.aired or not seat.manned:
                chair.private.stop()
            if chair.private.check is not None:
                chair.private.check.look(now, health)
        self._look_for_silence(plan, [chair for chair in chairs if chair.aired], monotonic)
        faults = {
            Fault(code, seat=chair.seat.id) for chair in chairs for code in self.seat(chair.seat.id).faults(chair)
        }
        if self.silence.dead_air:
            faults.add(Fault("dead_air"))
        self._alarms.report("seats", faults)
        self._alarms.look(now, monotonic)

    def _held_up(self, now: float) -> bool:
        """Whether the stage itself stood still a moment ago: then every network seems to lose."""
        if self._looked_at is not None and now - self._looked_at > LOOK + STOOD:
            self._made_up_at = now + AFTER
        self._looked_at = now
        return now < self._made_up_at

    def _look_for_silence(self, plan: SpacePlan, aired: Collection[Chair], monotonic: float) -> None:
        held = self.silence.held
        self.silence.look(plan, [self.seat(chair.seat.id) for chair in aired], monotonic)
        if self.silence.held is not held:
            for chair in aired:
                chair.private.tell(held)
