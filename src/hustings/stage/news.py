"""What the edges, and through them everybody, are told of a stage: the Space's state and who speaks, as it is heard.

With a programme delay the world is some seconds behind the stage, so its news are too. It never tells of backstage.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from hustings.documents.feed import Frame, Plan, Programme, Voices
from hustings.documents.public import Voice
from hustings.documents.space import SpacePlan, SpaceState
from hustings.stage.chair import Chair
from hustings.stage.presence import Presence

VOICES_EVERY: Final = 12  # ticks: about four times a second
VOICES_AT_LEAST: Final = 48  # ticks: told again even when nothing changed


def plan_behind(plan: SpacePlan, kind: Programme) -> SpacePlan:
    """The plan of a Space of which the world hears `kind` at the moment."""
    if not plan.delay or plan.doors_at is None:
        return plan
    later = msgspec.structs.replace(
        plan,
        live_at=plan.live_at and plan.live_at + plan.delay,
        ended_at=plan.ended_at and plan.ended_at + plan.delay,
    )
    if kind is Programme.PRESHOW:
        return msgspec.structs.replace(later, state=SpaceState.DOORS, live_at=None, ended_at=None)
    if plan.state.over and kind in {Programme.CONVERSATION, Programme.HOLD}:
        return msgspec.structs.replace(later, state=SpaceState.LIVE, ended_at=None)
    return later


def voice_of(chair: Chair) -> Voice:
    """What the public sees of a seat. How loud somebody is backstage is nobody's business."""
    heard = chair.aired and not chair.silenced
    return Voice(
        seat=chair.seat.id,
        name=chair.seat.name,
        role=chair.seat.role,
        on_air=chair.seat.on_air,
        muted=chair.seat.muted,
        connected=chair.attendance.state is Presence.CONNECTED,
        speaking=heard and chair.meter.speaking,
        level=chair.meter.level if heard else 0.0,
    )


class News:
    """One Space's. Ask it once a tick who is there, and give it once a tick what is heard."""

    def __init__(self, publish: Callable[[Frame], None]) -> None:
        self._publish = publish
        self._looked = 0  # ticks
        self._seen: tuple[Voice, ...] = ()
        self._heard = 0  # ticks
        self._told: tuple[Voice, ...] = ()
        self._told_at = -VOICES_AT_LEAST

    def look(self, chairs: Iterable[Chair]) -> tuple[Voice, ...]:
        """Who is there, seen a few times a second."""
        self._looked += 1
        if self._looked % VOICES_EVERY == 0:
            self._seen = tuple(voice_of(chair) for chair in chairs if not chair.works_the_show)
        return self._seen

    def tell_voices(self, space: str, position: int, kind: Programme, voices: tuple[Voice, ...]) -> None:
        self._heard += 1
        if self._heard % VOICES_EVERY:
            return
        if voices == self._told and self._heard - self._told_at < VOICES_AT_LEAST:
            return
        self._told, self._told_at = voices, self._heard
        self._publish(Voices(space, position, kind, voices))

    def tell_plan(self, plan: SpacePlan, kind: Programme) -> None:
        self._publish(Plan(plan_behind(plan, kind)))
