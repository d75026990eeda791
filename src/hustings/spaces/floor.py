"""What everything in spaces/ stands on: one Space opened for a look or for a change, and who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from hustings.base.clock import Clock
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import Role
from hustings.spaces.errors import NoSuchSeat, NoSuchSpace, SeatTokenRefused
from hustings.spaces.permissions import Standing
from hustings.spaces.stage_link import Stage
from hustings.spaces.stage_rules import require_agreement
from hustings.square.principal import Principal, Scope
from hustings.store.store import Store, Work
from hustings.store.values import SeatRecord, SpaceRecord

log = structlog.get_logger(__name__)


class SeatGrant(msgspec.Struct, frozen=True):
    """A seat and the token that opens it."""

    space: str
    seat: str
    role: Role
    token: str


class Change:
    """A Space within a transaction. Whatever `space` is at the end is stored, one revision on."""

    def __init__(self, work: Work, space: SpaceRecord, standing: Standing, now: float) -> None:
        self.work, self.space, self.standing, self.now = work, space, standing, now

    async def seats(self) -> tuple[SeatRecord, ...]:
        return await self.work.seats.of(self.space.id)

    async def seat(self, seat_id: str) -> SeatRecord:
        seat = await self.work.seats.get(seat_id)
        if seat is None or seat.space_id != self.space.id or seat.removed_at is not None:
            raise NoSuchSeat("This seat is not taken any more. Reload to see who is on stage.")
        return seat

    async def agree(self, held: SeatRecord, *, agreed: bool) -> SeatRecord:
        """Note of a taken seat that its holder agreed to be recorded; raises RecordingNotAgreed.

        The race: a link is opened twice at once, and one of the two agrees. What was agreed first stays.
        """
        require_agreement(self.space, agreed=agreed)
        agreed_at = held.agreed_recording_at or (self.now if agreed else None)
        return await self.work.seats.put(msgspec.structs.replace(held, agreed_recording_at=agreed_at))


class Floor:
    """Store, clock, seat tokens and the stage, together."""

    def __init__(self, store: Store, clock: Clock, tokens: SeatTokens, stage: Stage) -> None:
        self.store, self.clock, self.tokens, self._stage = store, clock, tokens, stage
        self.changes = 0  # of any Space, by this process

    @asynccontextmanager
    async def looking(self, space_id: str, principal: Principal) -> AsyncIterator[Change]:
        """For reading only."""
        async with self.store.read() as work:
            space = found(await work.spaces.get(space_id))
            yield Change(work, space, await standing_of(work, space, principal), self.clock.now())

    @asynccontextmanager
    async def changing(self, space_id: str, principal: Principal) -> AsyncIterator[Change]:
        """Commits at the end of the block, then tells the stage, before the caller's answer goes out."""
        async with self.store.write() as work:
            space = found(await work.spaces.lock(space_id))
            change = Change(work, space, await standing_of(work, space, principal), self.clock.now())
            yield change
            await work.spaces.put(msgspec.structs.replace(change.space, revision=space.revision + 1))
        _log_change(space, change.space)
        await self.tell(space_id)

    async def tell(self, space_id: str) -> None:
        """After every change: what was read before is old, and the stage is to know."""
        self.changes += 1
        await self._stage.tell(space_id)

    def grant(self, seat: SeatRecord) -> SeatGrant:
        token = self.tokens.issue(SeatClaim(seat.space_id, seat.id, seat.generation))
        return SeatGrant(seat.space_id, seat.id, seat.role, token)

    async def by_seat_token(self, token: str) -> Principal:
        """Raises Unauthorized unless the token opens a seat that is taken, in its newest generation."""
        claim = self.tokens.open(token)
        async with self.store.read() as work:
            seat = await work.seats.get(claim.seat)
        if seat is None or seat.space_id != claim.space or not _is_current(seat, claim):
            raise SeatTokenRefused("You are not on this stage any more. Open your invitation link again.")
        return Principal(claim=claim)


def _log_change(before: SpaceRecord, after: SpaceRecord) -> None:
    if after.deleted_at != before.deleted_at:
        log.info("space deleted", space=after.id)
    elif after.state is not before.state:
        log.info("space changed its state", space=after.id, state=after.state.value)


def found(space: SpaceRecord | None) -> SpaceRecord:
    if space is None or space.deleted_at is not None:
        raise NoSuchSpace("There is no such Space, or it was deleted.")
    return space


def _is_current(seat: SeatRecord, claim: SeatClaim) -> bool:
    return seat.removed_at is None and seat.generation == claim.generation


async def standing_of(work: Work, space: SpaceRecord, principal: Principal) -> Standing:
    """What the bearer is in this Space. A token's scopes narrow it: without `host` it directs nothing."""
    if principal.claim is not None:
        return await _by_claim(work, space, principal.claim)
    account = principal.account
    if account is None:
        ownerless = space.sample and not await work.accounts.owner_exists()
        return Standing(first_visitor=ownerless)
    seat = await work.seats.of_account(space.id, account.id)
    role = seat.role if seat else None
    staff = account.role.is_staff
    if account.name == space.host_account or (space.sample and staff):
        role = Role.HOST
    if Scope.HOST not in principal.scopes:
        seat = seat if Scope.SPEAK in principal.scopes else None
        staff, role = False, Role.SPEAKER if seat else None
    return Standing(role, seat.id if seat else None, staff, known=True)


async def _by_claim(work: Work, space: SpaceRecord, claim: SeatClaim) -> Standing:
    seat = await work.seats.get(claim.seat)
    if seat is None or seat.space_id != space.id or not _is_current(seat, claim):
        return Standing(known=True)
    return Standing(seat.role, seat.id, known=True)
