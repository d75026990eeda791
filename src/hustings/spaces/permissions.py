"""Who may do what in a Space: decisions with reasons, pure. Nobody's name is in here, the owner's neither."""

from enum import Enum
from typing import TypeAlias

import msgspec

from hustings.documents.space import Role
from hustings.spaces.errors import NotAllowed, SignInNeeded
from hustings.store.values import SeatRecord


class Action(Enum):
    EDIT = "edit"
    DOORS = "doors"
    LIVE = "live"
    END = "end"
    CANCEL = "cancel"
    HOLD = "hold"
    REPLAY = "replay"
    PRESHOW = "preshow"
    INVITE = "invite"  # make, list and revoke invitations
    HANDS = "hands"  # list and answer raised hands
    PEOPLE = "people"  # see the seats
    AIR = "air"
    MUTE = "mute"
    REMOVE = "remove"
    ROLE = "role"
    DELETE = "delete"


class Allow(msgspec.Struct, frozen=True):
    pass


class Deny(msgspec.Struct, frozen=True):
    because: str
    sign_in: bool = False  # a sign-in or an invitation could change it


Decision: TypeAlias = Allow | Deny


class Standing(msgspec.Struct, frozen=True):
    """What somebody is in one Space."""

    role: Role | None = None  # as host, or by the seat they hold; None: a listener
    seat: str | None = None
    staff: bool = False  # the installation's owner or a moderator
    known: bool = False  # came with a credential of some kind
    first_visitor: bool = False  # of a sample, on an installation that nobody owns yet


_DIRECTING = frozenset(Action) - {Action.DELETE, Action.CANCEL, Action.ROLE}
_STAFF = frozenset({Action.END, Action.CANCEL, Action.MUTE, Action.REMOVE, Action.DELETE, Action.PEOPLE})
_OWN_SEAT = frozenset({Action.AIR, Action.MUTE, Action.REMOVE})

_MAY: dict[Role, frozenset[Action]] = {
    Role.HOST: frozenset(Action),
    Role.COHOST: _DIRECTING,
    Role.PRODUCER: _DIRECTING,
    Role.SPEAKER: frozenset({Action.PEOPLE}),
}


def decide(standing: Standing, action: Action) -> Decision:
    """An act on the Space as a whole, or on somebody else's seat."""
    if standing.role is not None and action in _MAY[standing.role]:
        return Allow()
    if standing.staff and action in _STAFF:
        return Allow()
    if standing.first_visitor and action is Action.DELETE:
        return Allow()
    if not standing.known:
        return Deny("Sign in, or open your invitation link, to do this.", sign_in=True)
    if standing.role in {Role.COHOST, Role.PRODUCER}:
        return Deny("Only the host of this Space may do this.")
    return Deny("Only the host and those who direct this Space may do this.")


def decide_seat(standing: Standing, action: Action, target: SeatRecord, *, on: bool = True) -> Decision:
    """An act on one seat: air, mute or remove it."""
    if action is Action.REMOVE and target.role is Role.HOST:
        return Deny("The host cannot be taken off the stage. Hand the Space over first, or end it.")
    if target.role is Role.PRODUCER and action in {Action.AIR, Action.MUTE}:
        return Deny("A producer is never heard, so there is no microphone to switch.")
    directs = decide(standing, action)
    if isinstance(directs, Allow) or target.id != standing.seat or action not in _OWN_SEAT:
        return directs
    opens = on if action is Action.AIR else not on
    if action is not Action.REMOVE and opens and target.held_by_director:
        return Deny("The host switched your microphone off. Ask the host to switch it on again.")
    if action is Action.AIR and on and not target.aired:
        return Deny("The host puts you on air; then you can switch yourself off and on.")
    return Allow()


def allowed(standing: Standing) -> tuple[str, ...]:
    """What a page may offer."""
    return tuple(action.value for action in Action if isinstance(decide(standing, action), Allow))


def require(decision: Decision) -> None:
    """Raise what a Deny means: SignInNeeded or NotAllowed, with its reason."""
    if isinstance(decision, Deny):
        raise (SignInNeeded if decision.sign_in else NotAllowed)(decision.because)
