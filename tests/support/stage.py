"""A stage without a network: people who say and hear exact samples, and a Room, or Rooms, on virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, TypeVar

import msgspec
import numpy as np

from hustings.audio.beds import preshow_bed
from hustings.audio.level import Samples
from hustings.audio.riding import Range, Rides
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import ManualClock
from hustings.base.errors import Invalid
from hustings.base.grid import SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.documents.blocks import Block, ProgrammeBlock, ProgrammeEnd
from hustings.documents.feed import Frame
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import Person, Role, Seat, SpacePlan, SpaceState
from hustings.stage.air import Outlets
from hustings.stage.music import MusicShelf
from hustings.stage.plans import PlanShelf
from hustings.stage.room import Room
from hustings.stage.rooms import Rooms
from hustings.stage.uplinks import Source

T = TypeVar("T")
DOORS_AT = 1_700_000_000.0
KEY = "k" * 64
UP_FOR = 5000.0  # seconds the machine has been up when a Hall opens


class RawEncoder:
    """Packets are the samples themselves, so that a test hears exactly what was mixed."""

    def encode(self, samples: Samples) -> bytes:
        return samples.astype(np.float32).tobytes()


@dataclass(frozen=True)
class Said:
    last_packet_age: float = 0.0
    packets: int = 1
    loss: float = 0.0
    jitter_ms: float = 0.0
    concealed: float = 0.0
    missed: int = 0
    state: str = "connected"


class Speaker:
    """Somebody in a seat who hums at `hertz`, whole periods a tick, and keeps what is heard."""

    def __init__(self, hertz: float = 500.0, amplitude: float = 0.1) -> None:
        self.on_packet: Callable[[bytes], None] | None = None
        self.hertz = hertz
        self.amplitude = amplitude
        self.said = Said()
        self.heard: list[Samples] = []
        self.pulled = 0
        self.closed = False
        self.broken = False

    def pull(self) -> Samples | None:
        if self.broken:
            raise RuntimeError("broken")
        self.pulled += 1
        if self.on_packet is not None and self.amplitude:
            self.on_packet(b"opus")
        if not self.amplitude:
            return None
        time = np.arange(TICK) / SAMPLE_RATE
        return (self.amplitude * np.sin(2 * np.pi * self.hertz * time)).astype(np.float32)

    def send(self, opus: bytes) -> None:
        self.heard.append(np.frombuffer(opus, dtype=np.float32))

    def health(self) -> Said:
        return self.said

    async def close(self) -> None:
        self.closed = True

    def fall_silent(self) -> None:
        """The network goes away."""
        self.amplitude = 0.0
        self.said = replace(self.said, last_packet_age=10.0)

    def hears(self, other: "Speaker", last: int = 10) -> float:
        """The amplitude of another's hum in what was heard in the last ticks."""
        return amplitude_at(np.concatenate(self.heard[-last:]), other.hertz)


def amplitude_at(sound: Samples, hertz: float) -> float:
    """The amplitude of one frequency in whole ticks of sound."""
    time = np.arange(sound.size) / SAMPLE_RATE
    return 2.0 * float(np.abs(np.mean(sound * np.exp(-2j * np.pi * hertz * time))))


def seat(name: str, *, role: Role = Role.SPEAKER, on_air: bool = True, muted: bool = False) -> Seat:
    return Seat(id=name, name=name.title(), role=role, on_air=on_air, muted=muted)


def make_plan(*seats: Seat, state: SpaceState = SpaceState.LIVE, revision: int = 1) -> SpacePlan:
    open_at = DOORS_AT if state is not SpaceState.SCHEDULED else None
    return SpacePlan(
        id="space1", revision=revision, title="A talk", state=state, host=Person("Ada"), seats=seats, doors_at=open_at
    )


def outlets(frames: list[Frame]) -> Outlets:
    broadcast: Channel[Block] = Channel(100_000, WhenFull.DROP_OLDEST)
    recorder: Channel[Block] = Channel(100_000, WhenFull.DROP_OLDEST)
    return Outlets(broadcast, recorder, frames.append)


def drained(channel: Channel[Block], kind: type[T]) -> list[T]:
    """Everything of one kind that waits in a channel; the rest is thrown away."""
    waiting = [channel._items.popleft() for _ in range(len(channel))]
    return [item for item in waiting if isinstance(item, kind)]


@dataclass
class Hall:
    """One Room and its clock; `step` lets time pass."""

    room: Room
    frames: list[Frame]
    out: Outlets
    closed: list[Source]
    now: float = DOORS_AT
    started: float = DOORS_AT
    plan: SpacePlan = field(init=False)

    def __post_init__(self) -> None:
        self.plan = self.room.plan

    def step(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.now += TICK_SECONDS
            self.room.tick(self.now, self.now - self.started)

    def seconds(self, seconds: float) -> None:
        self.step(round(seconds / TICK_SECONDS))

    def seat(self, name: str, speaker: Speaker, generation: int = 0, *, second: bool = False) -> Speaker:
        self.room.attach(SeatClaim("space1", name, generation), speaker, second=second)
        return speaker

    def change(self, **changes: object) -> None:
        self.plan = msgspec.structs.replace(self.plan, revision=self.plan.revision + 1, **changes)
        self.room.update(self.plan)

    def change_seat(self, name: str, **changes: object) -> None:
        seats = [msgspec.structs.replace(s, **changes) if s.id == name else s for s in self.plan.seats]
        self.change(seats=tuple(seats))

    def blocks(self) -> list[ProgrammeBlock]:
        return drained(self.out.broadcast, ProgrammeBlock)

    def programme(self) -> Samples:
        """The programme since last asked, whole, as a listener hears it."""
        blocks = self.blocks()
        assert all(after.position - before.position == TICK for before, after in pairwise(blocks))
        return np.concatenate([block.samples for block in blocks])

    def ends(self) -> list[ProgrammeEnd]:
        return drained(self.out.broadcast, ProgrammeEnd)


class Unridden:
    """A voice that passes as it comes, so that a test may count on its level."""

    gain_db = 0.0

    def hear(self, power: float) -> None:
        """And needs no gain."""


def unridden(_bounds: Range) -> Rides:
    return Unridden()


def hall(
    plan: SpacePlan,
    *,
    now: float = DOORS_AT,
    resumed: bool = False,
    make_rider: Callable[[Range], Rides] = unridden,
) -> Hall:
    frames: list[Frame] = []
    closed: list[Source] = []
    out = outlets(frames)
    room = Room(
        plan,
        outlets=out,
        make_encoder=RawEncoder,
        close=closed.append,
        preshow=preshow_bed(),
        opened_at=UP_FOR,
        resumed=resumed,
        make_rider=make_rider,
    )
    return Hall(room, frames, out, closed, now, now - UP_FOR)


class Town:
    """Rooms on a folder and a manual clock. `forgotten` and `exchanged` are what the other roles were asked; `boot`
    is the machine's start that the clock counts from."""

    opened: ClassVar[list["Town"]] = []  # by the running test, at whose end they are closed

    def __init__(self, folder: Path, clock: ManualClock | None = None, boot: str = "boot1") -> None:
        Town.opened.append(self)
        self.recording_faults: set[str] = set()
        self.clock = clock or ManualClock(DOORS_AT)
        self.tokens = SeatTokens(KEY)
        self.frames: list[Frame] = []
        self.forgotten: list[str] = []
        self.exchanged: list[tuple[str, str]] = []
        self.music: dict[str, Samples] = {}
        self.out = outlets(self.frames)
        self.shelf = PlanShelf(folder / "stage", boot)
        self.rooms = Rooms(
            epoch="epoch1",
            clock=self.clock,
            tokens=self.tokens,
            shelf=self.shelf,
            music=MusicShelf(folder / "uploads", self._decode),
            outlets=self.out,
            make_encoder=RawEncoder,
            exchange=self._exchange,
            forget=self._forget,
            notice=lambda _plan: None,
            recording_faults=lambda _space: self.recording_faults,
        )

    async def _exchange(self, space: str, token: str) -> str:
        self.exchanged.append((space, token))
        return self.token("ada")

    async def _forget(self, space: str) -> None:
        self.forgotten.append(space)

    def _decode(self, path: Path, longest: int) -> Samples:
        if path.name not in self.music:
            raise Invalid("No audio.")
        return self.music[path.name][:longest].copy()

    async def settled(self) -> None:
        """Until what the Rooms began on threads is done."""
        while self.rooms._scope._tasks:
            await asyncio.wait(self.rooms._scope._tasks)

    def programme(self) -> Samples:
        return np.concatenate([block.samples for block in drained(self.out.broadcast, ProgrammeBlock)])

    def token(self, seat: str, *, space: str = "space1", generation: int = 0) -> str:
        return self.tokens.issue(SeatClaim(space, seat, generation))

    def step(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.clock.advance(TICK_SECONDS)
            self.rooms.tick()
