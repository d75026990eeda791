"""Rules of the stage itself, pure: who fits on it, what a change of role does, what its plan is."""

from collections.abc import Sequence

import msgspec

from hustings.documents.space import MAX_SEATS, Hand, Person, Replay, Role, Seat, SpacePlan
from hustings.documents.turnout import Turnout
from hustings.spaces.errors import NameOnStage, NotAllAgreed, NotAllowed, RecordingNotAgreed, StageFull
from hustings.spaces.permissions import Allow, Decision, Deny
from hustings.square.names import same_to_the_eye
from hustings.store.values import Request, SeatRecord, SpaceRecord

MAX_PRODUCERS = 5
FULL = f"All {MAX_SEATS} seats are taken. You can listen meanwhile; the host can free a seat."


def room_for(seats: Sequence[SeatRecord], role: Role) -> Decision:
    """13 seats, of which one is kept for the host; producers stand beside the stage."""
    if role is Role.PRODUCER:
        full = sum(seat.role is Role.PRODUCER for seat in seats) >= MAX_PRODUCERS
        return Deny(f"This Space has {MAX_PRODUCERS} producers already.") if full else Allow()
    heard = [seat.role for seat in seats if seat.role is not Role.PRODUCER]
    if role is Role.HOST:
        return Deny("This Space has a host on stage already.") if Role.HOST in heard else Allow()
    guests = len(heard) - heard.count(Role.HOST)
    return Deny(FULL) if guests >= MAX_SEATS - 1 else Allow()


def require_room(seats: Sequence[SeatRecord], role: Role) -> None:
    decision = room_for(seats, role)
    if isinstance(decision, Deny):
        raise StageFull(decision.because)


def require_agreement(space: SpaceRecord, *, agreed: bool) -> None:
    if space.record and not agreed:
        raise RecordingNotAgreed("This Space is recorded. To speak in it, agree to be recorded.")


def is_settled(space: SpaceRecord, seat: SeatRecord, *, agreed: bool) -> bool:
    """Whether who comes back to a taken seat leaves nothing about the recording to ask or to note."""
    return seat.agreed_recording_at is not None or not (agreed or space.record)


def require_all_agreed(seats: Sequence[SeatRecord]) -> None:
    """Before a Space is recorded after all: nobody who can be heard may be in the recording unasked."""
    unasked = [seat.name for seat in seats if seat.role is not Role.PRODUCER and seat.agreed_recording_at is None]
    if unasked:
        raise NotAllAgreed(
            f"{', '.join(unasked)} did not agree to be recorded. Ask them to open their link again and agree, "
            "take them off the stage, or leave the recording off."
        )


def require_free_name(space: SpaceRecord, seats: Sequence[SeatRecord], name: str) -> None:
    """The attack: a guest who takes the name of the host or of another speaker."""
    names = [space.host_name, *(seat.name for seat in seats)]
    if any(same_to_the_eye(name, other) for other in names):
        raise NameOnStage(f"Somebody on this stage is called {name} already. Choose a name that tells you apart.")


def with_role(
    space: SpaceRecord, seats: Sequence[SeatRecord], target: SeatRecord, role: Role
) -> tuple[SpaceRecord, tuple[SeatRecord, ...]]:
    """The Space and the seats that change when `target` gets `role`. To make it host is to hand the Space over."""
    if role is target.role:
        return space, ()
    if role is Role.HOST:
        return _handed_over(space, seats, target)
    if target.role is Role.HOST:
        raise NotAllowed("A Space needs a host. Hand it over to a co-host instead.")
    if Role.PRODUCER in (target.role, role):
        require_room(seats, role)
    changed = msgspec.structs.replace(target, role=role)
    if space.record:
        require_all_agreed([changed])
    if role is Role.PRODUCER:
        return space, (msgspec.structs.replace(changed, on_air=False, muted=False),)
    return space, (changed,)


def _handed_over(
    space: SpaceRecord, seats: Sequence[SeatRecord], target: SeatRecord
) -> tuple[SpaceRecord, tuple[SeatRecord, ...]]:
    if target.role is not Role.COHOST:
        raise NotAllowed("A Space is handed over to a co-host. Make this speaker a co-host first.")
    before = [msgspec.structs.replace(seat, role=Role.COHOST) for seat in seats if seat.role is Role.HOST]
    changed = msgspec.structs.replace(space, host_name=target.name, host_account=target.account_name)
    return changed, (*before, msgspec.structs.replace(target, role=Role.HOST))


def plan_of(space: SpaceRecord, seats: Sequence[SeatRecord], hands: Sequence[Request]) -> SpacePlan:
    """What the stage and the edges are told. Only who accepted is in it."""
    return SpacePlan(
        id=space.id,
        revision=space.revision,
        title=space.title,
        state=space.state,
        host=Person(space.host_name, space.host_account),
        description=space.description,
        starts_at=space.starts_at,
        doors_at=space.doors_at,
        live_at=space.live_at,
        ended_at=space.ended_at,
        record=space.record,
        sample=space.sample,
        hold=space.hold,
        silence_intended=space.silence_intended,
        delay=space.delay,
        mute_echo=space.mute_echo,
        preshow=space.preshow,
        seats=tuple(_seat(seat) for seat in seats),
        hands=tuple(Hand(hand.id, hand.name, hand.asked_at) for hand in hands),
        replay=Replay(space.replay_state, space.replay_duration, space.replay_trim_start),
        turnout=_turnout(space) if space.state.over else None,
    )


def _turnout(space: SpaceRecord) -> Turnout:
    return Turnout(peak=space.peak, unique=space.heard_by, stalled_share=space.stalled_share)


def _seat(seat: SeatRecord) -> Seat:
    return Seat(
        id=seat.id,
        name=seat.name,
        role=seat.role,
        on_air=seat.on_air,
        aired=seat.aired,
        held=seat.held_by_director,
        muted=seat.muted,
        account=seat.account_name,
        generation=seat.generation,
    )
