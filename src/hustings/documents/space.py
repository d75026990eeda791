"""A Space as the roles know it: its life, the people on its stage, and what the public is told of it.

Control owns these documents, hands a `SpacePlan` to the stage whenever something changes, and the stage and
the edges act on the newest revision they have, whether or not control is alive.
"""

from enum import Enum

import msgspec

from hustings.base.states import StateGraph
from hustings.documents.turnout import Turnout

MAX_SEATS = 13  # a host and up to twelve others
MAX_DELAY = 15.0  # seconds between what is said and what goes out


class SpaceState(Enum):
    SCHEDULED = "scheduled"
    DOORS = "doors"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """For good: it took place, or it never will."""
        return self in (SpaceState.ENDED, SpaceState.CANCELLED)


SPACE_LIFE = StateGraph(
    SpaceState,
    initial=SpaceState.SCHEDULED,
    transitions={
        SpaceState.SCHEDULED: {SpaceState.DOORS, SpaceState.LIVE, SpaceState.CANCELLED},
        SpaceState.DOORS: {SpaceState.LIVE, SpaceState.ENDED, SpaceState.CANCELLED},
        SpaceState.LIVE: {SpaceState.ENDED},
        SpaceState.ENDED: set(),
        SpaceState.CANCELLED: set(),
    },
)


class Role(Enum):
    """What a seat may do. A producer works the show and is never heard or listed."""

    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"
    PRODUCER = "producer"

    @property
    def may_direct(self) -> bool:
        return self is not Role.SPEAKER


class ReplayState(Enum):
    NONE = "none"
    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


class Seat(msgspec.Struct, frozen=True):
    """One place on stage, already accepted by the person in it."""

    id: str
    name: str
    role: Role
    on_air: bool = False  # the switch: heard when the Space is live
    muted: bool = False
    account: str | None = None  # the account's name, None for a guest
    generation: int = 0  # tokens of an older generation no longer open this seat
    aired: bool = True  # it was on air by a director's hand: its speaker may switch it
    held: bool = False  # a director switched it off: only a director opens it


class Hand(msgspec.Struct, frozen=True):
    """A listener asking to speak."""

    id: str
    name: str
    asked_at: float


class Person(msgspec.Struct, frozen=True):
    """Somebody by name; `account` is None for a guest."""

    display_name: str
    account: str | None = None


class Replay(msgspec.Struct, frozen=True):
    state: ReplayState = ReplayState.NONE
    duration: float = 0.0  # seconds
    trim_start: bool = True  # leave out dead air before the first word


class SpacePlan(msgspec.Struct, frozen=True):
    """Everything a stage and an edge need to carry one Space. Times are Unix seconds."""

    id: str
    revision: int  # grows with every change; an older one is ignored
    title: str
    state: SpaceState
    host: Person
    description: str = ""
    starts_at: float | None = None
    doors_at: float | None = None  # the programme's sample 0
    live_at: float | None = None
    ended_at: float | None = None
    record: bool = True
    sample: bool = False
    hold: bool = False  # the host asked for the hold sound
    silence_intended: bool = False  # the host wants the silence heard: no hold sound comes by itself
    delay: float = 0.0  # seconds from what is said to what goes out; settled before it is live
    mute_echo: bool = False  # the rule: the stage silences a seat that sends the programme back, while it does
    preshow: str | None = None  # the uploaded music's file name, None for the generated bed
    seats: tuple[Seat, ...] = ()
    hands: tuple[Hand, ...] = ()
    replay: Replay = Replay()
    turnout: Turnout | None = None  # once it is over: who listened

    def seat(self, seat_id: str) -> Seat | None:
        return next((seat for seat in self.seats if seat.id == seat_id), None)
