"""What edges are told: the newest state of every Space, kept, and each new frame, fanned out once.

An edge that dials gets the state again in the order documents.feed promises, then everything new. It needs no
memory of before, so an edge that falls behind is cut off and starts anew: nobody's slowness holds another up.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import Clock
from hustings.base.recent import Recent
from hustings.documents.feed import End, Frame, Gone, Hello, Hold, Init, Part, Plan, Voices, encode_frame

WINDOW = 96  # parts of each rendition a new reader gets: 92 s, more than any playlist shows
GONE = 1024  # Spaces: far more than can still have sound on its way
GREET_EVERY = 5.0  # seconds: a stage with no Space has nothing else to say, and an edge leaves one that is silent
BACKLOG = 2048  # frames a reader may be behind: minutes of a few Spaces; then it is cut off


@dataclass
class _SpaceState:
    """One Space's frames, already encoded."""

    plan: bytes | None = None
    revision: int = -1
    inits: dict[str, bytes] = field(default_factory=dict)
    holds: dict[tuple[str, int], bytes] = field(default_factory=dict)
    parts: dict[str, deque[tuple[int, bytes]]] = field(default_factory=dict)
    voices: bytes | None = None
    end: bytes | None = None

    def replay(self) -> list[bytes]:
        frames = [frame for frame in (self.plan, *self.inits.values(), *self.holds.values()) if frame]
        parts = sorted((number, name, data) for name, kept in self.parts.items() for number, data in kept)
        frames += [data for _, _, data in parts]
        return frames + [frame for frame in (self.voices, self.end) if frame]


class FeedReader(Channel[bytes]):
    """Frames for one edge. `lost` is set when it was too slow; what it still holds is then of no use."""

    def __init__(self, frames: list[bytes]) -> None:
        super().__init__(len(frames) + BACKLOG, WhenFull.CLOSE)
        self.lost = asyncio.Event()
        for frame in frames:
            self.put(frame)


class FeedHub:
    """One per stage; lives in the event loop. `run` says hello again and again; nothing else awaits."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self._hello = encode_frame(Hello(epoch=epoch))
        self._spaces: dict[str, _SpaceState] = {}
        self._gone = Recent(GONE)  # what still comes of them was on its way when they were deleted
        self._readers: set[FeedReader] = set()

    @property
    def readers(self) -> int:
        return len(self._readers)

    def publish(self, frame: Frame) -> None:
        """Keep what a later reader needs, and hand the frame to every reader. An older plan is ignored."""
        data = encode_frame(frame)
        if self._keep(frame, data):
            self._hand_on(data)

    async def run(self, clock: Clock) -> None:
        """Until cancelled."""
        while True:
            await clock.sleep_until(clock.monotonic() + GREET_EVERY)
            self._hand_on(self._hello)

    def _hand_on(self, data: bytes) -> None:
        for reader in list(self._readers):
            if not reader.put(data) and reader.closed:
                self._readers.discard(reader)
                reader.lost.set()

    def subscribe(self) -> FeedReader:
        """A channel that begins with Hello and the state of every Space; closed when its reader is too slow."""
        replayed = [self._hello, *(frame for state in self._spaces.values() for frame in state.replay())]
        reader = FeedReader(replayed)
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: FeedReader) -> None:
        self._readers.discard(reader)
        reader.close()

    def close(self) -> None:
        """End every reader's stream: the stage is going down."""
        for reader in list(self._readers):
            self.unsubscribe(reader)

    def _keep(self, frame: Frame, data: bytes) -> bool:
        if isinstance(frame, Hello):
            return False  # the hub says its own
        if isinstance(frame, Gone):
            self._spaces.pop(frame.space, None)
            self._gone.add(frame.space)
            return True
        if isinstance(frame, Plan):
            return self._keep_plan(frame, data)
        if frame.space in self._gone:
            return False
        state = self._spaces.setdefault(frame.space, _SpaceState())
        match frame:
            case Init():
                state.inits[frame.rendition] = data
            case Hold():
                state.holds[frame.rendition, frame.index] = data
            case Part():
                state.parts.setdefault(frame.rendition, deque(maxlen=WINDOW)).append((frame.number, data))
            case Voices():
                state.voices = data
            case End():
                state.end = data
        return True

    def _keep_plan(self, frame: Plan, data: bytes) -> bool:
        state = self._spaces.setdefault(frame.plan.id, _SpaceState())
        if frame.plan.revision < state.revision:
            return False
        state.plan, state.revision = data, frame.plan.revision
        self._gone.discard(frame.plan.id)
        return True
