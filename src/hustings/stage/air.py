"""What one Space sends out: its conversation, the words before a hold's end, the delay, the programme and the tracks.

Everything that is said passes here on its way out, so here what must not air is forgotten. It mixes no voices, judges
no silence and knows no sessions.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from hustings.audio.level import Samples
from hustings.audio.preroll import Preroll
from hustings.base.channel import Channel
from hustings.base.grid import SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.documents.blocks import Block, ProgrammeEnd, SeatPacket
from hustings.documents.feed import Frame, Programme
from hustings.documents.space import SpacePlan
from hustings.stage.chair import Chair
from hustings.stage.delay import Moment, unheard
from hustings.stage.news import News
from hustings.stage.programme import Timeline, wanted
from hustings.stage.silence import Silence
from hustings.stage.sounded import Sounded, given


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where sound and news go. A full channel never stops the mixer: its own rule decides what is lost."""

    broadcast: Channel[Block]
    recorder: Channel[Block]
    publish: Callable[[Frame], None]


class Air:
    """One Space's. `origin` is when the programme's sample 0 was, None until it has begun, and `finished_at` when it
    was over; both in monotonic seconds, as is the time it is ticked at.
    """

    def __init__(self, timeline: Timeline, outlets: Outlets, origin: float | None) -> None:
        self.timeline = timeline
        self.sounded = Sounded()
        self.origin = origin
        self.finished_at: float | None = None
        self._outlets = outlets
        self._news = News(outlets.publish)
        self._preroll: Preroll[Moment] = Preroll()
        self._held = False
        self._packets: list[tuple[Chair, bytes]] = []  # of this tick

    def plan_changed(self, before: SpacePlan, plan: SpacePlan) -> None:
        if before.hold and not plan.hold:
            self._preroll.clear()  # said before or during it, and not out yet
        self.tell(plan)

    def tell(self, plan: SpacePlan) -> None:
        """Tell the world of the plan, as far as it may know."""
        self._news.tell_plan(plan, self.timeline.going)

    def keep(self, chair: Chair, opus: bytes) -> None:
        """A packet of this tick, for its seat's own track."""
        self._packets.append((chair, opus))

    def gather(
        self, plan: SpacePlan, chairs: Collection[Chair], conversation: Samples, silence: Silence, *, closely: bool
    ) -> Moment:
        """All of this tick that may go out. `closely`: with the health of its voices, which costs more."""
        packets, self._packets = tuple(self._packets), []
        if self._held and not (silence.held or silence.heard):
            self._preroll.clear()  # it was no word that ended the hold
        self._held = silence.held
        voices, had = self._news.look(chairs), given(chairs, plan, closely=closely)
        moment = Moment(wanted(plan, silence.idle_for), conversation, packets, voices, had)
        _, said = self._preroll.tick(conversation, moment, held=silence.held)
        if silence.held:
            return replace(said, voices=unheard(said.voices))
        return said if said is moment else replace(said, kind=moment.kind)

    def forget_unheard(self) -> None:
        """Somebody is being shut: what they said while listeners heard the hold sound goes out by no other's word."""
        if self._held:
            self._preroll.clear()

    def play(self, plan: SpacePlan, moment: Moment, now: float, monotonic: float) -> None:
        """Let out what is due: with a delay, it is of some seconds ago. `now` is Unix time."""
        kind = self.timeline.kind
        out = self.timeline.tick(plan, moment, self._on_the_grid(plan, now, monotonic))
        if out is not None:
            block, moment = out
            self.sounded.push(block, moment.given, plan, monotonic)
            self._place_origin(monotonic - block.position / SAMPLE_RATE)
            self._emit(plan, block)
            if moment.kind is Programme.CONVERSATION:
                self._emit_tracks(plan, block.position, moment)
            if plan.delay and kind is not self.timeline.kind:
                self.tell(plan)
        position = max(0, (self.timeline.position or 0) - TICK)
        self._news.tell_voices(plan.id, position, self.timeline.kind, moment.voices)
        if self.timeline.finished:
            self.finish(plan, monotonic)

    def _place_origin(self, at: float) -> None:
        """As the block going out tells it. A block that is late tells it too late, by which a stage that is restarted
        would say again what has gone out; one that comes in time puts that right."""
        if self.origin is None or self.origin - at > TICK_SECONDS:
            self.origin = at

    def _on_the_grid(self, plan: SpacePlan, now: float, monotonic: float) -> float:
        """The wall clock as it were had nobody set it since the programme began."""
        return now if self.origin is None or plan.doors_at is None else plan.doors_at + monotonic - self.origin

    def dump(self, now: float) -> float:
        """Nothing that was said and is not out yet goes out; gives its seconds. `now` is Unix time."""
        return self.timeline.dump(now, self._preroll.clear())

    def finish(self, plan: SpacePlan, monotonic: float) -> None:
        """End the programme where it stands, once."""
        if self.finished_at is not None:
            return
        self.finished_at = monotonic
        if self.timeline.position is not None:
            self._emit(plan, ProgrammeEnd(plan.id, self.timeline.position))

    def _emit(self, plan: SpacePlan, block: Block) -> None:
        self._outlets.broadcast.put(block)
        if plan.record:
            self._outlets.recorder.put(block)

    def _emit_tracks(self, plan: SpacePlan, position: int, moment: Moment) -> None:
        for chair, opus in moment.packets:
            placed = chair.track_position(position)
            if placed is not None:
                self._outlets.recorder.put(SeatPacket(plan.id, chair.seat.id, chair.seat.name, placed, opus))
