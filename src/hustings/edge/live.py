"""What an edge knows of the Spaces a stage carries: plan, voices, and one window per rendition.

Frames and the passing of time go in; windows, cards and woken listeners come out. Holds everything in memory
and never opens a connection (edge/agent.py does).
"""

import structlog

from hustings.base.clock import Clock
from hustings.documents import feed
from hustings.documents.public import Voice
from hustings.documents.space import SpacePlan
from hustings.edge.filling import Drop, Restart, Timeline
from hustings.edge.waiting import Gates, Room
from hustings.hls import fmp4, names
from hustings.hls.blocking import Edge
from hustings.hls.window import MediaPart, Window

log = structlog.get_logger(__name__)

DRAIN = 90.0  # seconds: a listener some way behind the end still hears it


class LiveRendition:
    """One rendition's window, the hold loop that fills it, and those who wait for its next part."""

    def __init__(self, name: str, room: Room, clock: Clock) -> None:
        self.name = name
        self.gates = Gates(room, clock)
        self.window = Window()
        self.edge = self._edge()
        self._rendered: dict[tuple[bool, bool, bool], bytes] = {}
        self._rendered_for: float | None = None
        self.init: bytes | None = None
        self.init_name = ""
        self._timeline = Timeline()
        self._hold: list[bytes | None] = []
        self._hold_epoch = ""

    def rendered(self, doors_at: float | None) -> dict[tuple[bool, bool, bool], bytes]:
        """Where texts made from the window as it is are kept; empty after every change."""
        if doors_at != self._rendered_for:
            self._rendered, self._rendered_for = {}, doors_at
        return self._rendered

    def take_init(self, data: bytes) -> None:
        """A different init segment cannot share a window with the old one: begin anew."""
        if self.init is not None and data != self.init:
            log.warning("initialisation segment changed, window starts anew", rendition=self.name)
            self._restart()
            self._timeline = Timeline()
        self.init, self.init_name = data, names.init_name(data)

    def take_hold(self, frame: feed.Hold) -> None:
        if len(self._hold) != frame.count:
            self._hold = [None] * frame.count
        self._hold[frame.index] = frame.data
        if all(part is not None for part in self._hold):
            self._hold_epoch = names.hold_epoch([part for part in self._hold if part is not None])

    def take_part(self, frame: feed.Part, now: float) -> bool:
        """Publish a part, after hold parts for what is missing before it; False if it came too late."""
        if self.init is None:
            return False
        decision = self._timeline.arrived(frame.number, now)
        if isinstance(decision, Drop):
            return False
        if isinstance(decision, Restart) or not self._fill(decision.missing):
            self._restart()
        self._publish(MediaPart(frame.number, frame.epoch, frame.data))
        return True

    def tick(self, now: float) -> bool:
        """Fill what is overdue, let go what waited too long, end the programme; True if hold parts went out."""
        self.gates.tick(now)
        missing = self._timeline.overdue(now) if self._hold_epoch else range(0)
        self._fill(missing)
        if self._timeline.over(now):
            self.close()
        return bool(missing)

    def end(self, number: int) -> None:
        self._timeline.ends_at(number)
        if self._timeline.next_number is None:
            self.close()

    def close(self) -> None:
        """The programme is over, wherever it was."""
        if not self.window.ended:
            self.window.end()
            self._changed()
            self.gates.open_all()

    def _fill(self, numbers: range) -> bool:
        """Publish hold parts on the grid; False without a whole hold loop."""
        if numbers and not self._hold_epoch:
            return False
        for number in numbers:
            loop = self._hold[number % len(self._hold)]
            if loop is not None:
                self._publish(MediaPart(number, self._hold_epoch, fmp4.retime(loop, number)))
        return True

    def _publish(self, part: MediaPart) -> None:
        if self.window.ended:
            return
        self.window.add(part)
        self._changed()
        self.gates.open(part.number)

    def _restart(self) -> None:
        self.window = Window()
        self._changed()
        self.gates.open_all()

    def _changed(self) -> None:
        self._rendered = {}
        self.edge = self._edge()

    def _edge(self) -> Edge:
        segments = self.window.segments
        return Edge(segments[-1].msn if segments else None, self.window.next_number, self.window.ended)


class LiveSpace:
    """One Space as the feed tells it."""

    def __init__(self, room: Room, clock: Clock) -> None:
        self._room = room
        self._clock = clock
        self.plan: SpacePlan | None = None
        self.doors_at: float | None = None
        self.voices: tuple[Voice, ...] = ()
        self.programme = feed.Programme.NONE
        self.gone_at: float | None = None  # when the stage let go of it; windows live on for DRAIN seconds
        self.renditions: dict[str, LiveRendition] = {}

    def rendition(self, name: str) -> LiveRendition:
        if name not in self.renditions:
            self.renditions[name] = LiveRendition(name, self._room, self._clock)
        return self.renditions[name]

    def take_plan(self, plan: SpacePlan) -> None:
        if self.plan is None or plan.revision >= self.plan.revision:
            self.plan = plan
            self.doors_at = plan.doors_at

    def take_part(self, frame: feed.Part, now: float) -> None:
        if self.rendition(frame.rendition).take_part(frame, now):
            self.programme = frame.programme

    def tick(self, now: float) -> None:
        filled = [rendition.tick(now) for rendition in self.renditions.values()]
        if any(filled):
            self.programme = feed.Programme.NONE  # HOLD is a stage's word; pages tell a pause from a lost stage by it
            self.voices = ()

    def end(self, number: int) -> None:
        self.programme = feed.Programme.END
        for rendition in self.renditions.values():
            rendition.end(number)

    def close(self) -> None:
        self.programme = feed.Programme.END
        for rendition in self.renditions.values():
            rendition.close()


class Spaces:
    """All Spaces of the feed. `take` applies one frame, `tick` lets time pass."""

    def __init__(self, clock: Clock, room: Room) -> None:
        self._clock = clock
        self._room = room
        self._spaces: dict[str, LiveSpace] = {}

    def get(self, space: str) -> LiveSpace | None:
        return self._spaces.get(space)

    def media(self, space: str, rendition: str, file: str) -> bytes | None:
        """A part or segment that is still kept: the shortest way to what is asked for most."""
        live = self._spaces.get(space)
        found = None if live is None else live.renditions.get(rendition)
        return None if found is None else found.window.find(file)

    def on_air(self) -> list[SpacePlan]:
        """Plans of the Spaces whose windows are open."""
        return [
            live.plan
            for live in self._spaces.values()
            if live.plan is not None and live.renditions and live.programme is not feed.Programme.END
        ]

    def take(self, frame: feed.Frame) -> None:
        now = self._clock.monotonic()
        match frame:
            case feed.Hello():
                return
            case feed.Plan():
                self._take_plan(frame.plan)
            case feed.Gone():
                self._forget(frame.space)
            case feed.Init():
                self._space(frame.space).rendition(frame.rendition).take_init(frame.data)
            case feed.Hold():
                self._space(frame.space).rendition(frame.rendition).take_hold(frame)
            case feed.Part():
                self._space(frame.space).take_part(frame, now)
            case feed.Voices():
                self._take_voices(frame)
            case feed.End():
                self._space(frame.space).end(frame.number)

    def plan_from_control(self, plan: SpacePlan) -> None:
        """What control says while the stage is lost: a Space it has ended is not held open for ever."""
        live = self._spaces.get(plan.id)
        if live is not None:
            live.take_plan(plan)
            if plan.state.over:
                live.close()

    def tick(self) -> None:
        now = self._clock.monotonic()
        for live in self._spaces.values():
            live.tick(now)
        drained = [
            key for key, live in self._spaces.items() if live.gone_at is not None and now - live.gone_at > DRAIN
        ]
        for key in drained:
            del self._spaces[key]

    def _take_plan(self, plan: SpacePlan) -> None:
        live = self._space(plan.id)
        live.gone_at = None
        live.take_plan(plan)

    def _take_voices(self, frame: feed.Voices) -> None:
        live = self._space(frame.space)
        live.voices = frame.voices
        if frame.programme is not feed.Programme.NONE:
            live.programme = frame.programme

    def _forget(self, space: str) -> None:
        """One that has ended is heard to its end by those behind; one that was deleted is gone at once."""
        live = self._spaces.get(space)
        if live is None:
            return
        if live.programme is not feed.Programme.END:
            del self._spaces[space]
        live.close()
        live.plan, live.voices, live.gone_at = None, (), self._clock.monotonic()

    def _space(self, space: str) -> LiveSpace:
        if space not in self._spaces:
            self._spaces[space] = LiveSpace(self._room, self._clock)
        return self._spaces[space]
