"""Making Spaces, moving them through their life, showing and deleting them."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec
import structlog

from hustings.base.ids import new_id
from hustings.documents.space import MAX_DELAY, Replay, ReplayState, Role, SpacePlan, SpaceState
from hustings.documents.turnout import Turnout
from hustings.spaces import life
from hustings.spaces.errors import BadReplay, BadSpace, WrongState
from hustings.spaces.floor import Change, Floor, found
from hustings.spaces.permissions import Action, Standing, decide, require
from hustings.spaces.stage_rules import plan_of, require_all_agreed
from hustings.square.errors import NoSuchAccount
from hustings.square.principal import NOBODY, Principal, Scope
from hustings.store.spaces import ACTIVE
from hustings.store.store import Work
from hustings.store.values import Account, Invitation, SeatRecord, SpaceRecord

MAX_TITLE = 140  # characters
MAX_DESCRIPTION = 2000
LATE = 3600.0  # seconds a start time may lie in the past
AHEAD = 2 * 366 * 86400.0  # and in the future
SOON = 200  # scheduled Spaces on the home page
RECENT = 20  # ended ones
OVERVIEW_KEPT = 1.0  # seconds; another process may have changed a Space meanwhile

log = structlog.get_logger(__name__)

_STEPS: dict[Action, Callable[[SpaceRecord, float], SpaceRecord]] = {
    Action.DOORS: life.open_doors,
    Action.LIVE: life.go_live,
    Action.END: life.end,
    Action.CANCEL: life.cancel,
}


class SpaceView(msgspec.Struct, frozen=True):
    """A Space as one person sees it."""

    space: SpaceRecord
    seats: tuple[SeatRecord, ...]
    standing: Standing


class Draft(msgspec.Struct, frozen=True):
    """What somebody wants a Space to be; None leaves it as it is."""

    title: str | None = None
    description: str | None = None
    starts_at: float | None = None
    record: bool | None = None
    delay: float | None = None  # seconds
    mute_echo: bool | None = None


class Spaces:
    """One installation's Spaces."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._looking_over = asyncio.Lock()
        self._overview: tuple[tuple[int, float], dict[str, tuple[SpaceView, ...]]] | None = None

    async def create(self, principal: Principal, draft: Draft, speakers: Iterable[str]) -> SpaceView:
        """Raises BadSpace, or NoSuchAccount for a speaker; those asked to speak are listed once they come."""
        account = principal.needs(Scope.HOST)
        now = self._floor.clock.now()
        space = SpaceRecord(
            new_id(now), "", "", SpaceState.SCHEDULED, account.display_name, now, account.id, account.name
        )
        space = _drafted(space, msgspec.structs.replace(draft, title=draft.title or ""), now)
        async with self._floor.store.write() as work:
            await work.spaces.add(space)
            await self._keep_places(work, space, account, speakers)
        log.info("space announced", space=space.id)
        await self._floor.tell(space.id)
        return SpaceView(space, (), Standing(Role.HOST, known=True))

    async def _keep_places(self, work: Work, space: SpaceRecord, host: Account, speakers: Iterable[str]) -> None:
        for number, name in enumerate(dict.fromkeys(name.strip().removeprefix("@").lower() for name in speakers)):
            account = await work.accounts.by_name(name)
            if account is None:
                raise NoSuchAccount(f"There is no account named {name} here. Guests without one get a link.")
            if account.id != host.id:
                key = f"{new_id(space.created_at)}{number}"
                await work.invitations.add(
                    Invitation(
                        key, space.id, Role.SPEAKER, space.created_at, account.display_name, host.display_name,
                        account_id=account.id,
                    )
                )  # fmt: skip

    async def view(self, space_id: str, principal: Principal) -> SpaceView:
        async with self._floor.looking(space_id, principal) as look:
            return SpaceView(look.space, await look.seats(), look.standing)

    async def overview(self) -> dict[str, tuple[SpaceView, ...]]:
        """What is live (doors open counts), scheduled, and lately ended; one query a second, however many ask."""
        async with self._looking_over:
            state = (self._floor.changes, self._floor.clock.monotonic() // OVERVIEW_KEPT)
            if self._overview is None or self._overview[0] != state:
                async with self._floor.store.read() as work:
                    found = await work.spaces.overview(SOON, RECENT)
                self._overview = (state, _sorted(found))
            return self._overview[1]

    async def hosted_by(self, account: Account) -> tuple[SpaceView, ...]:
        async with self._floor.store.read() as work:
            return await _views(work, await work.spaces.hosted_by(account.name, 100))

    async def edit(self, space_id: str, principal: Principal, draft: Draft) -> SpaceView:
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.EDIT))
            life.require_open(change.space)
            if (draft.starts_at, draft.record, draft.delay) != (None, None, None):
                life.require_before_live(change.space)
            if draft.record and not change.space.record:
                require_all_agreed(await change.seats())
            change.space = _drafted(change.space, draft, change.now)
            return await _viewed(change)

    async def step(self, space_id: str, principal: Principal, action: Action) -> SpaceView:
        """Doors, live, end or cancel."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, action))
            change.space = _STEPS[action](change.space, change.now)
            return await _viewed(change)

    async def hold(self, space_id: str, principal: Principal, *, on: bool) -> SpaceView:
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.HOLD))
            change.space = life.set_hold(change.space, on=on)
            return await _viewed(change)

    async def silence(self, space_id: str, principal: Principal, *, intended: bool) -> SpaceView:
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.HOLD))
            change.space = life.set_silence(change.space, intended=intended)
            return await _viewed(change)

    async def trim_replay(self, space_id: str, principal: Principal, *, trim_start: bool) -> SpaceView:
        """Asks for the replay to be made again, whether it was made before or could not be."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.REPLAY))
            made = change.space.replay_state in {ReplayState.READY, ReplayState.FAILED}
            state = ReplayState.PREPARING if made else change.space.replay_state
            change.space = msgspec.structs.replace(change.space, replay_trim_start=trim_start, replay_state=state)
            return await _viewed(change)

    async def may_upload(self, space_id: str, principal: Principal) -> None:
        """Asked before a large upload is read."""
        async with self._floor.looking(space_id, principal) as look:
            require(decide(look.standing, Action.PRESHOW))
            life.require_before_live(look.space)

    async def set_preshow(
        self, space_id: str, principal: Principal, name: str | None
    ) -> tuple[SpaceView, str | None]:
        """The new music's file name; also gives back the old one's, to be deleted."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.PRESHOW))
            life.require_before_live(change.space)
            before = change.space.preshow
            change.space = msgspec.structs.replace(change.space, preshow=name)
            return await _viewed(change), before

    async def delete(self, space_id: str, principal: Principal) -> str | None:
        """Gone for everybody at once, from the stage with its recording as soon as it hears. Returns the preshow."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.DELETE))
            change.space = msgspec.structs.replace(change.space, deleted_at=change.now)
            return change.space.preshow

    async def replay_is(self, space_id: str, replay: Replay) -> None:
        """The recorder's word, as often as it says it. What the host chose to leave out stays the host's choice."""
        if replay.state is ReplayState.PREPARING:
            raise BadReplay("A replay is told of when it is made, or cannot be.")
        async with self._floor.looking(space_id, NOBODY) as look:
            if (look.space.replay_state, look.space.replay_duration) == (replay.state, replay.duration):
                return
        async with self._floor.changing(space_id, NOBODY) as change:
            if change.space.state is not SpaceState.ENDED:
                raise WrongState("This Space has not ended, so it has no replay yet.")
            change.space = msgspec.structs.replace(
                change.space, replay_state=replay.state, replay_duration=replay.duration
            )

    async def turnout_is(self, space_id: str, turnout: Turnout) -> None:
        """The stage's count, as often as it tells it. No plan changes by it, so no stage is told."""
        async with self._floor.store.write() as work:
            space = found(await work.spaces.lock(space_id))
            counted = msgspec.structs.replace(
                space, peak=turnout.peak, heard_by=turnout.unique, stalled_share=turnout.stalled_share
            )
            await work.spaces.put(counted)

    async def plan(self, space_id: str) -> SpacePlan:
        async with self._floor.store.read() as work:
            return await _plan(work, found(await work.spaces.get(space_id)))

    async def plans(self) -> tuple[SpacePlan, ...]:
        async with self._floor.store.read() as work:
            return tuple([await _plan(work, space) for space in await work.spaces.in_states(*ACTIVE)])


async def _plan(work: Work, space: SpaceRecord) -> SpacePlan:
    return plan_of(space, await work.seats.of(space.id), await work.requests.pending(space.id))


async def _viewed(change: Change) -> SpaceView:
    return SpaceView(change.space, await change.seats(), change.standing)


async def _views(work: Work, spaces: Iterable[SpaceRecord]) -> tuple[SpaceView, ...]:
    return tuple([SpaceView(space, await work.seats.of(space.id), Standing()) for space in spaces])


def _sorted(found: Iterable[tuple[SpaceRecord, tuple[SeatRecord, ...]]]) -> dict[str, tuple[SpaceView, ...]]:
    """The next first; of those that ended, the last."""
    views = sorted(
        (SpaceView(space, seats, Standing()) for space, seats in found),
        key=lambda view: view.space.starts_at or view.space.created_at,
    )
    ended = [view for view in views if view.space.state is SpaceState.ENDED]
    return {
        "live": tuple(view for view in views if view.space.state in {SpaceState.LIVE, SpaceState.DOORS}),
        "scheduled": tuple(view for view in views if view.space.state is SpaceState.SCHEDULED),
        "ended": tuple(sorted(ended, key=lambda view: view.space.ended_at or 0.0, reverse=True)),
    }


def _drafted(space: SpaceRecord, draft: Draft, now: float) -> SpaceRecord:
    title = space.title if draft.title is None else " ".join(draft.title.split())
    description = space.description if draft.description is None else draft.description.strip()
    if not title:
        raise BadSpace("Give the Space a title.")
    if len(title) > MAX_TITLE or len(description) > MAX_DESCRIPTION:
        raise BadSpace(f"A title may have {MAX_TITLE} characters and a description {MAX_DESCRIPTION}.")
    if draft.starts_at is not None and not now - LATE <= draft.starts_at <= now + AHEAD:
        raise BadSpace("The start time must lie between now and two years ahead.")
    if draft.delay is not None and not 0.0 <= draft.delay <= MAX_DELAY:
        raise BadSpace(f"What is said can go out up to {MAX_DELAY:.0f} seconds later, not more.")
    return msgspec.structs.replace(
        space,
        title=title,
        description=description,
        starts_at=space.starts_at if draft.starts_at is None else draft.starts_at,
        record=space.record if draft.record is None else draft.record,
        delay=space.delay if draft.delay is None else draft.delay,
        mute_echo=space.mute_echo if draft.mute_echo is None else draft.mute_echo,
    )
