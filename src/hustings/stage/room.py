"""One Space on the stage: its plan made true, tick by tick.

A Room reconciles: it is handed plans and sessions in any order and makes chairs, switches and the programme agree
with the newest. It does no I/O and reads no clock; what it emits goes into the outlets it was given.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from hustings.audio.health import Examine, examine
from hustings.audio.level import Samples
from hustings.audio.riding import SEAT, SUM, Range, Rider, Rides
from hustings.base.errors import Conflict, Forbidden, Unauthorized
from hustings.base.grid import TICK_SECONDS
from hustings.documents.heard import Heard
from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Role, SpacePlan, SpaceState
from hustings.documents.turnout import Turnout
from hustings.stage.air import Air, Outlets
from hustings.stage.alarms import Alarms
from hustings.stage.chair import Chair, Encoder
from hustings.stage.guard import LOOK
from hustings.stage.heard import HeardBook
from hustings.stage.monitors import Monitors
from hustings.stage.presence import Presence
from hustings.stage.private import require_checkable
from hustings.stage.programme import Timeline
from hustings.stage.talkback import Talkback
from hustings.stage.uplinks import Source, Uplinks
from hustings.stage.watch import Watch

AIR_MS = 40.0
END_MS = 300.0
DRAIN = 60.0  # seconds after the end until a Space is let go: listeners fetch its last parts
LOOK_EVERY: Final = round(LOOK / TICK_SECONDS)  # ticks: how often seats are looked at


class NotSeated(Forbidden):
    """The token names a seat that is not, or no longer, on this stage."""

    code = "not_seated"


class TokenReplaced(Unauthorized):
    """A newer token was issued for the seat, or its holder was put out."""

    code = "token_replaced"


class SpaceOver(Conflict):
    """Nobody can take a seat in a Space that has ended."""

    code = "space_over"


class Room:
    """`close` is called with every session that must end; it must not wait. `preshow` is the loop played
    before the start, until another is given to the timeline; `opened_at` is in monotonic seconds, and so is `origin`,
    when the programme's sample 0 was: None until it has begun.
    """

    def __init__(
        self,
        plan: SpacePlan,
        *,
        outlets: Outlets,
        make_encoder: Callable[[], Encoder],
        close: Callable[[Source], None],
        preshow: Samples,
        opened_at: float,
        resumed: bool = False,
        origin: float | None = None,
        make_rider: Callable[[Range], Rides] = Rider,
        examine: Examine = examine,
    ) -> None:
        self.plan = plan
        self.timeline = Timeline(
            plan.id, preshow=preshow, rider=make_rider(SUM), resumed=resumed and plan.doors_at is not None
        )
        self.air = Air(self.timeline, outlets, origin)
        self.alarms = Alarms()
        self.watch = Watch(self.alarms)
        self.heard = HeardBook()
        self.turnout = Turnout()  # as the edges count it
        self.talkback = Talkback()
        self._chairs: dict[str, Chair] = {}
        self._leaving: list[Chair] = []
        self._make_encoder = make_encoder
        self._make_rider = make_rider
        self._close = close
        self._monitors = Monitors(make_encoder, self.talkback, examine)
        self._ticks = 0
        self._now = opened_at
        self._reconcile()
        self.air.tell(plan)

    # Plans and sessions

    def update(self, plan: SpacePlan) -> bool:
        """Act on a plan; False when it is not newer than what is known."""
        if plan.revision <= self.plan.revision:
            return False
        before, self.plan = self.plan, plan
        self._reconcile()
        self.air.plan_changed(before, plan)
        return True

    def _reconcile(self) -> None:
        seats = {seat.id: seat for seat in self.plan.seats}
        for gone in self._chairs.keys() - seats.keys():
            self._remove(self._chairs.pop(gone))
        for seat in seats.values():
            chair = self._chairs.get(seat.id)
            if chair is None:
                chair = self._chairs[seat.id] = Chair(seat, self._make_encoder, self._make_rider(SEAT))
            if chair.seat.held and not seat.muted and chair.health.echoes:
                self.watch.overrule(seat.id)
            chair.update(seat)
            self._aim(chair)
            if chair.peer is not None and chair.generation < seat.generation:
                self._unseat(chair)

    def _aim(self, chair: Chair) -> None:
        live = self.plan.state is SpaceState.LIVE and not self.plan.hold
        heard = live and chair.seat.on_air and chair.seat.role is not Role.PRODUCER
        if chair.switch.target != heard:
            chair.switch.aim(float(heard), END_MS if self.plan.state.over else AIR_MS)
            chair.private.tell(heard)

    def _remove(self, chair: Chair) -> None:
        """Put a seat out: one last tick fades its voice, so that the others hear no click."""
        chair.leave()
        self.talkback.renew(chair.seat.id)
        self.watch.forget(chair.seat.id)
        if chair.peer is not None:
            chair.peer.on_packet = None
            self._leaving.append(chair)

    def _unseat(self, chair: Chair) -> None:
        if chair.peer is not None:
            chair.peer.on_packet = None
            for session in chair.peer:
                self._close(session)
        chair.peer = None
        chair.attendance.vacate(self._now)

    def admit(self, claim: SeatClaim) -> Chair:
        """The chair a claim opens to a new session; raises SpaceOver, NotSeated or TokenReplaced."""
        if self.plan.state.over:
            raise SpaceOver("This Space is over. Its page says whether there is a replay.")
        return self.seated(claim)

    def seated(self, claim: SeatClaim) -> Chair:
        """The chair a claim names, whatever the Space's state; raises NotSeated or TokenReplaced."""
        chair = self._chairs.get(claim.seat)
        if chair is None:
            raise NotSeated("You have no seat on this stage. Ask the host for a new invitation.")
        if claim.generation < chair.seat.generation:
            raise TokenReplaced("This seat was opened anew elsewhere. Open your invitation link again.")
        return chair

    def attach(self, claim: SeatClaim, peer: Source, *, second: bool = False) -> None:
        """Seat a session; one that sat there before is closed. `second`: beside the first, to take over from it."""
        chair = self.admit(claim)
        if claim.generation > chair.generation:
            self._unseat(chair)  # the plan that puts the older token's session out is on its way
        chair.generation = claim.generation
        if chair.peer is None:
            chair.peer = Uplinks(peer, second=second)
            self._arrived(chair)
        else:
            heard = chair.peer.carrying
            if (former := chair.peer.put(peer, second=second)) is not None:
                self._close(former)
            if former is heard:
                self._arrived(chair)
        chair.peer.on_packet = partial(self._keep, chair)

    def _arrived(self, chair: Chair) -> None:
        chair.renew()
        self.watch.seat(chair.seat.id).renew()
        self.talkback.renew(chair.seat.id)
        chair.attendance.arrive(self._now)

    def detach(self, seat: str, peer: Source) -> None:
        """A session ended by itself; one that was taken over is not missed."""
        chair = self._chairs.get(seat)
        if chair is not None and chair.peer is not None and chair.peer.drop(peer):
            chair.peer = None
            chair.attendance.leave(self._now)

    def check(self, chair: Chair) -> None:
        """Let somebody off the air hear how they sound; raises CheckOnAir or NothingToCheck."""
        require_checkable(self.plan, chair.seat, chair.attendance)
        chair.private.begin()

    def close(self) -> None:
        """Put everybody out at once."""
        for chair in [*self._chairs.values(), *self._leaving]:
            self._unseat(chair)
        self._leaving.clear()

    # Sound

    def tick(self, now: float, monotonic: float) -> None:
        """20 ms of this Space; both times in seconds."""
        self._ticks += 1
        self._now = monotonic
        self.talkback.tick(monotonic)
        chairs = [*self._chairs.values(), *self._leaving]
        closing = any(chair.closing for chair in chairs)
        conversation = self._monitors.tick(chairs)
        for chair in self._leaving:
            self._unseat(chair)
        self._leaving.clear()
        if self._ticks % LOOK_EVERY == 0:
            self._look(now)
        closely = self._ticks % LOOK_EVERY == 0
        moment = self.air.gather(self.plan, self._chairs.values(), conversation, self.watch.silence, closely=closely)
        if closing:
            self.air.forget_unheard()
        self.air.play(self.plan, moment, now, monotonic)

    def skip(self, ticks: int) -> None:
        self.timeline.skip(ticks)

    def stop(self) -> None:
        """End the programme where it stands, for a Space that is deleted."""
        self.air.finish(self.plan, self._now)
        self.close()

    def _keep(self, chair: Chair, opus: bytes) -> None:
        """A seat's packet, for its own track, if it is said on air."""
        if self.plan.record and chair.aired and not chair.seat.muted:
            self.air.keep(chair, opus)

    # Presence

    def _look(self, now: float) -> None:
        for chair in self._chairs.values():
            held = chair.attendance.state is not Presence.ABSENT
            health = chair.peer.health() if chair.peer else None
            chair.attendance.observe(health, self._now, listens=chair.works_the_show)
            self._close_broken(chair)
            if held and chair.attendance.state is Presence.ABSENT:
                self._unseat(chair)
        self.alarms.report("as heard", self.heard.faults(self._now, live=self.plan.state is SpaceState.LIVE))
        self.watch.look(self.plan, self._chairs.values(), now, self._now)

    def _close_broken(self, chair: Chair) -> None:
        """Whoever has no other way in is to connect anew."""
        for source in list(chair.peer.broken) if chair.peer else []:
            self._close(source)
            if chair.peer is not None and chair.peer.drop(source):
                chair.peer = None
                chair.attendance.vacate(self._now)

    def heard_at_edges(self) -> list[tuple[float, Heard]]:
        """The as-heard monitor's newest verdict on each edge, with its age in seconds."""
        return self.heard.newest(self._now)

    def chairs(self) -> Iterator[Chair]:
        yield from self._chairs.values()

    def chair(self, seat: str) -> Chair | None:
        return self._chairs.get(seat)
