"""What anybody may know of a Space: the body of `live.json`."""

import msgspec

from hustings.documents.space import Person, Replay, Role, SpacePlan, SpaceState
from hustings.documents.turnout import Turnout


class Voice(msgspec.Struct, frozen=True):
    """A speaker as listeners see one. `level` is 0 to 1, of the last 200 ms."""

    seat: str
    name: str
    role: Role
    on_air: bool
    muted: bool
    connected: bool = False
    speaking: bool = False
    level: float = 0.0


class Card(msgspec.Struct, frozen=True):
    """`live.json`. Times are Unix seconds; `now` is the server's, so that a page can correct its own clock."""

    id: str
    title: str
    description: str
    state: SpaceState
    programme: str  # a documents.feed.Programme value: none, preshow, conversation, hold, end
    host: Person
    now: float
    starts_at: float | None
    doors_at: float | None
    live_at: float | None
    ended_at: float | None
    speakers: tuple[Voice, ...]
    listening: int  # as in `audience`, for whoever wants no more
    recorded: bool
    sample: bool
    replay: Replay
    audience: Turnout


def card(
    plan: SpacePlan,
    *,
    now: float,
    programme: str = "none",
    voices: tuple[Voice, ...] = (),
    audience: Turnout | None = None,
) -> Card:
    """The public face of a plan. Without `voices` from a stage, seats are shown as not connected; an `audience`
    in which nobody was counted is as control tells it."""
    if audience is None or not audience.unique + audience.peak:
        audience = plan.turnout or Turnout()
    return Card(
        id=plan.id, title=plan.title, description=plan.description, state=plan.state, programme=programme,
        host=plan.host, now=now, starts_at=plan.starts_at, doors_at=plan.doors_at, live_at=plan.live_at,
        ended_at=plan.ended_at, speakers=_listed(plan, voices), listening=audience.listening, recorded=plan.record,
        sample=plan.sample, replay=plan.replay, audience=audience,
    )  # fmt: skip


def _listed(plan: SpacePlan, voices: tuple[Voice, ...]) -> tuple[Voice, ...]:
    """Who is named in public. After the end, a guest who only ever waited backstage is not."""
    told = voices or tuple(
        Voice(seat=s.id, name=s.name, role=s.role, on_air=s.on_air, muted=s.muted)
        for s in plan.seats
        if s.role is not Role.PRODUCER
    )
    if plan.state is not SpaceState.ENDED:
        return told
    waited = {seat.id for seat in plan.seats if not seat.aired}
    return tuple(voice for voice in told if voice.seat not in waited)
