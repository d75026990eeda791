"""What goes out: one timeline of a Space from doors to end, on the grid, whichever run of the stage makes it.

It turns a plan and what the stage makes into blocks, as much later as the plan asks for. It never hears backstage,
encodes nothing and waits for nobody.
"""

from dataclasses import replace

import numpy as np

from hustings.audio.beds import end_sound, hold_bed
from hustings.audio.level import Meter, Samples
from hustings.audio.limiter import Limiter
from hustings.audio.mix import SILENCE, Fader
from hustings.audio.riding import Rides, ride
from hustings.base.grid import PART, SAMPLE_RATE, TICK, next_part_start, position_at
from hustings.documents.blocks import ProgrammeBlock
from hustings.documents.feed import Programme
from hustings.documents.space import SpacePlan, SpaceState
from hustings.stage.delay import Delay, Moment, in_ticks

BED_FADE_MS = 300.0
CONVERSATION_IN_MS = 40.0  # short: the first word must not be lost in a fade
CONVERSATION_OUT_MS = 300.0
IDLE_FOR = 15.0  # seconds live with nothing to hear until the hold bed comes
FRESH = SAMPLE_RATE // 2  # samples: doors opened this recently under our eyes start at sample 0
CLOSING = 3.0  # seconds: a stage that died while closing resumes within this time of the end


def wanted(plan: SpacePlan, idle_for: float) -> Programme:
    """What should be going out; `idle_for` is how long, in seconds, there was nothing to hear that was meant so."""
    if plan.state.over:
        return Programme.END
    if plan.state is SpaceState.DOORS:
        return Programme.PRESHOW
    if plan.state is SpaceState.LIVE:
        return Programme.HOLD if plan.hold or idle_for >= IDLE_FOR else Programme.CONVERSATION
    return Programme.NONE


def before(plan: SpacePlan, at: float) -> Programme:
    """What went on at `at`, before this run of the stage, as far as a plan can tell; what was said is lost."""
    if plan.ended_at is not None and at >= plan.ended_at:
        return Programme.END
    return Programme.PRESHOW if plan.live_at is None or at < plan.live_at else Programme.HOLD


class Loop:
    """A sound that goes round, placed by the programme's clock, so that a restart continues where it would be."""

    def __init__(self, sound: Samples) -> None:
        self._sound = sound
        self._next: Samples | None = None
        self._swap = Fader(1.0)

    def replace(self, sound: Samples) -> None:
        """Fade over to another loop, which may have any length but none."""
        self._next = sound
        self._swap.aim(0.0, BED_FADE_MS)

    def tick(self, position: int) -> Samples:
        if self._next is not None and self._swap.shut:
            self._sound, self._next = self._next, None
            self._swap.aim(1.0, BED_FADE_MS)
        start = position % self._sound.size
        block = self._sound[start : start + TICK]
        if block.size < TICK:
            block = np.take(self._sound, range(start, start + TICK), mode="wrap")
        return self._swap.apply(block)


class Timeline:
    """One Space's programme. `position` is the first sample of the next block, None before it begins."""

    def __init__(self, space: str, *, preshow: Samples, rider: Rides, resumed: bool) -> None:
        """`resumed`: the Space was already going when this run of the stage began."""
        self.position: int | None = None
        self.kind = Programme.NONE
        self.finished = False
        self.dumped_at: float | None = None  # Unix time, of the last time
        self.dumped = 0.0  # seconds of conversation, then
        self.meter = Meter()
        self.preshow = Loop(preshow)
        self._space = space
        self._resumed = resumed
        self._starts_at: int | None = None
        self._hold = Loop(hold_bed())
        self._ended_at = 0
        self._delay = Delay()
        self._rider = rider
        self._limiter = Limiter()
        self._faders = {kind: Fader(0.0) for kind in (Programme.PRESHOW, Programme.CONVERSATION, Programme.HOLD)}

    def tick(self, plan: SpacePlan, moment: Moment, now: float) -> tuple[ProgrammeBlock, Moment] | None:
        """The next 20 ms and the moment they hold; None before doors and after the end. `now` is Unix time."""
        if self.finished or moment.kind is Programme.NONE or not self._begun(plan, moment, now):
            return None
        assert self.position is not None
        heard = self._delay.tick(moment, in_ticks(plan.delay))
        if heard.kind is not self.kind:
            self._change(heard.kind)
        samples = self._limiter.tick(self._sound(self.position, heard.sound))
        block = ProgrammeBlock(self._space, self.position, self.kind, samples)
        self.position += TICK
        self.meter.push(samples)
        self.finished = self._over(self.position)
        return block, heard

    def dump(self, now: float, late: int = 0) -> float:
        """Let nothing out that was said and is not out yet; gives its seconds. `late`: ticks that never came here."""
        self.dumped_at = now
        self.dumped = round((late + self._delay.dump()) * TICK / SAMPLE_RATE, 2)
        return self.dumped

    @property
    def going(self) -> Programme:
        """`kind`, or what comes first when the Space was not going before this run of the stage."""
        return self.kind if self._resumed or self.kind is not Programme.NONE else Programme.PRESHOW

    def skip(self, ticks: int) -> None:
        """The machine stood still for this long; what was not said then is missing on the timeline too."""
        if self.position is not None and not self.finished:
            self.position += ticks * TICK

    def _begun(self, plan: SpacePlan, moment: Moment, now: float) -> bool:
        if self.position is not None:
            return True
        if plan.doors_at is None:
            self.finished = plan.state.over
            return False
        over = plan.state.over
        closed = plan.ended_at + plan.delay + CLOSING if over and plan.ended_at else now
        reached = position_at(min(now, closed), plan.doors_at)
        if self._starts_at is None:
            fresh = not self._resumed and reached <= FRESH
            self._starts_at = 0 if fresh else next_part_start(max(0, reached))
        # A clock that is behind the one which opened the doors delays nobody: the programme begins with sample 0.
        if reached < self._starts_at and self._starts_at > 0 and not over:
            return False
        self.position = self._starts_at
        first = plan.doors_at + self.position / SAMPLE_RATE
        late = in_ticks(plan.delay)
        times = (first - ticks * TICK / SAMPLE_RATE for ticks in range(late, 0, -1))
        self._delay.fill(replace(moment, kind=before(plan, at)).silenced() for at in times)
        return True

    def _change(self, kind: Programme) -> None:
        for each, fader in self._faders.items():
            talk = each is Programme.CONVERSATION
            if each is kind:
                fader.aim(1.0, CONVERSATION_IN_MS if talk else BED_FADE_MS)
            else:
                fader.aim(0.0, CONVERSATION_OUT_MS if talk else BED_FADE_MS)
        if kind is Programme.END:
            assert self.position is not None
            self._ended_at = self.position
        self.kind = kind

    def _sound(self, position: int, conversation: Samples) -> Samples:
        layers = [self._closing(position)] if self.kind is Programme.END else []
        for kind, fader in self._faders.items():
            if not fader.shut:
                layers.append(fader.apply(self._layer(kind, position, conversation)))
        return SILENCE if not layers else layers[0] if len(layers) == 1 else np.add.reduce(layers)

    def _layer(self, kind: Programme, position: int, conversation: Samples) -> Samples:
        if kind is Programme.PRESHOW:
            return self.preshow.tick(position)
        if kind is Programme.HOLD:
            return self._hold.tick(position)
        voice: Samples = ride((self._rider,), (conversation,))[0]
        return voice

    def _closing(self, position: int) -> Samples:
        start = position - self._ended_at
        chord = end_sound()
        return chord[start : start + TICK] if start + TICK <= chord.size else SILENCE

    def _over(self, position: int) -> bool:
        """The closing sound is through and the part it ended in is full."""
        closed = self.kind is Programme.END and position - self._ended_at >= end_sound().size
        return closed and position % PART == 0
