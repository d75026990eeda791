"""A Space's life, pure: a record and the time in, the next record out. `SPACE_LIFE` says what may follow what."""

import msgspec

from hustings.base.errors import Conflict
from hustings.documents.space import SPACE_LIFE, ReplayState, SpaceState
from hustings.spaces.errors import WrongState
from hustings.store.values import SpaceRecord

_IS = {
    SpaceState.SCHEDULED: "This Space has not begun: open its doors or go live first.",
    SpaceState.DOORS: "The doors of this Space are open already.",
    SpaceState.LIVE: "This Space is live already; end it when the conversation is over.",
    SpaceState.ENDED: "This Space is over. Its page plays the recording; start a new Space to talk again.",
    SpaceState.CANCELLED: "This Space was cancelled. Start a new one to talk.",
}


def open_doors(space: SpaceRecord, now: float) -> SpaceRecord:
    """Listeners come in and hear the pre-show. The programme's sample 0 is at `now`."""
    return msgspec.structs.replace(_to(space, SpaceState.DOORS), doors_at=now)


def go_live(space: SpaceRecord, now: float) -> SpaceRecord:
    """The conversation is aired and recorded. Without doors before, the programme begins here."""
    doors_at = space.doors_at if space.doors_at is not None else now
    return msgspec.structs.replace(_to(space, SpaceState.LIVE), doors_at=doors_at, live_at=now, hold=False)


def end(space: SpaceRecord, now: float) -> SpaceRecord:
    """The programme closes; if anything was recorded, its replay is being prepared."""
    recorded = space.record and space.live_at is not None
    replay = ReplayState.PREPARING if recorded else ReplayState.NONE
    return msgspec.structs.replace(_to(space, SpaceState.ENDED), ended_at=now, replay_state=replay, hold=False)


def cancel(space: SpaceRecord, now: float) -> SpaceRecord:
    """It will not take place; who was heard already can only end."""
    return msgspec.structs.replace(_to(space, SpaceState.CANCELLED), ended_at=now, hold=False)


def set_hold(space: SpaceRecord, *, on: bool) -> SpaceRecord:
    """The hold sound in place of the conversation; only a live Space has one."""
    if space.state is not SpaceState.LIVE:
        raise WrongState("Only a live Space can be put on hold.")
    return msgspec.structs.replace(space, hold=on)


def set_silence(space: SpaceRecord, *, intended: bool) -> SpaceRecord:
    """Whether a silence is meant to be heard, instead of the hold sound that comes after 15 s of it."""
    require_open(space)
    return msgspec.structs.replace(space, silence_intended=intended)


def require_open(space: SpaceRecord) -> None:
    """Raise WrongState if nobody can join or change it any more."""
    if SPACE_LIFE.is_final(space.state):
        raise WrongState(_IS[space.state])


def require_before_live(space: SpaceRecord) -> None:
    if space.state not in {SpaceState.SCHEDULED, SpaceState.DOORS}:
        raise WrongState("This can only be changed before the Space is live.")


def _to(space: SpaceRecord, state: SpaceState) -> SpaceRecord:
    try:
        SPACE_LIFE.check(space.state, state, because=_IS[space.state])
    except Conflict as error:
        raise WrongState(str(error)) from error
    return msgspec.structs.replace(space, state=state)
