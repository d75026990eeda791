"""Invitations: a link with a secret, from which one seat comes.

The attack: a link forwarded or posted. It gives one seat only; whoever opens it again gets that same seat, so an
intruder takes a voice over rather than adding one, is seen by the host, and goes when the seat is removed. And a
link found in an old mailbox or log: it works only around its Space.
"""

import msgspec

from hustings.base.ids import new_id, new_secret
from hustings.documents.space import Role
from hustings.spaces import life
from hustings.spaces.errors import InvitationExpired, NoSuchInvitation, NotAllowed, TooManyInvitations
from hustings.spaces.floor import Change, Floor, SeatGrant, found, standing_of
from hustings.spaces.permissions import Action, decide, require
from hustings.spaces.spaces import SpaceView
from hustings.spaces.stage_rules import is_settled, require_agreement, require_free_name, require_room
from hustings.square.names import display_name
from hustings.square.principal import NOBODY, Principal
from hustings.square.secrets import hashed
from hustings.store.store import Work
from hustings.store.values import Invitation, SeatRecord, SpaceRecord

DAY = 86400.0  # seconds
LINK_AGE = 30 * DAY  # how long a link works, and at least
AFTER_START = DAY  # beyond the announced start, to wherever that is moved
MAX_OPEN = 100  # invitations of one Space: a link that spreads fills no table
UNKNOWN = "This invitation was withdrawn, or its link was not copied whole. Ask the host for a new one."
EXPIRED = "This invitation has expired. Ask the host for a new one."


class InvitationView(msgspec.Struct, frozen=True):
    """An invitation as its makers and its holder see it."""

    invitation: Invitation
    expires_at: float | None


class Invitations:
    """Made by those who direct a Space, accepted by whoever has the link."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def make(self, space_id: str, principal: Principal, name: str, role: Role) -> tuple[InvitationView, str]:
        """The invitation and its secret, which is shown once."""
        if role is Role.HOST:
            raise NotAllowed("A Space has one host. Invite a co-host, and hand the Space over on stage.")
        secret = new_secret()
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.INVITE))
            life.require_open(change.space)
            if len(await change.work.invitations.of(space_id)) >= MAX_OPEN:
                raise TooManyInvitations(f"This Space has {MAX_OPEN} open invitations. Withdraw some first.")
            invitation = Invitation(
                new_id(change.now), space_id, role, change.now, display_name(name) if name.strip() else "",
                await _inviter(change, principal), hashed(secret),
            )  # fmt: skip
            return _view(await change.work.invitations.add(invitation), change.space), secret

    async def of(self, space_id: str, principal: Principal) -> tuple[InvitationView, ...]:
        async with self._floor.looking(space_id, principal) as look:
            require(decide(look.standing, Action.INVITE))
            return tuple(_view(each, look.space) for each in await look.work.invitations.of(space_id))

    async def revoke(self, space_id: str, principal: Principal, invitation_id: str) -> None:
        """The link is dead. Who came through it stays until removed from the stage."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.INVITE))
            invitation = await change.work.invitations.get(invitation_id)
            if invitation is None or invitation.space_id != space_id or invitation.revoked_at is not None:
                raise NoSuchInvitation("This invitation was withdrawn already.")
            await change.work.invitations.put(msgspec.structs.replace(invitation, revoked_at=change.now))

    async def look(self, secret: str) -> tuple[InvitationView, SpaceView]:
        async with self._floor.store.read() as work:
            invitation, space = await self._open(work, secret)
            seats = await work.seats.of(space.id)
            return _view(invitation, space), SpaceView(space, seats, await standing_of(work, space, NOBODY))

    async def accept(self, secret: str, name: str, *, agreed: bool) -> SeatGrant:
        """The seat, or again the same seat when the browser comes back through the link."""
        async with self._floor.store.read() as work:
            invitation, space = await self._open(work, secret)
            life.require_open(space)
            taken = await work.seats.get(invitation.seat_id) if invitation.seat_id else None
        if taken is not None and is_settled(space, taken, agreed=agreed):
            return self._floor.grant(taken)
        async with self._floor.changing(invitation.space_id, NOBODY) as change:
            life.require_open(change.space)
            invitation, _ = await self._open(change.work, secret)
            seat = await _seated(change, invitation, name, agreed=agreed)
        return self._floor.grant(seat)

    async def _open(self, work: Work, secret: str) -> tuple[Invitation, SpaceRecord]:
        """What a link opens; raises NoSuchInvitation or InvitationExpired."""
        invitation = await work.invitations.by_secret(hashed(secret))
        if invitation is None or invitation.revoked_at is not None:
            raise NoSuchInvitation(UNKNOWN)
        space = found(await work.spaces.get(invitation.space_id))
        expires_at = _view(invitation, space).expires_at
        if expires_at is not None and expires_at <= self._floor.clock.now():
            raise InvitationExpired(EXPIRED)
        return invitation, space


def _view(it: Invitation, space: SpaceRecord) -> InvitationView:
    """A link expires; a place kept for an account has none, and does not."""
    expires_at = max(it.created_at + LINK_AGE, (space.starts_at or 0.0) + AFTER_START)
    return InvitationView(it, None if it.secret_hash is None else expires_at)


async def _seated(change: Change, invitation: Invitation, name: str, *, agreed: bool) -> SeatRecord:
    if invitation.seat_id is not None:
        return await change.agree(await change.seat(invitation.seat_id), agreed=agreed)
    require_agreement(change.space, agreed=agreed)
    seats = await change.seats()
    require_room(seats, invitation.role)
    shown = display_name(name or invitation.name)
    require_free_name(change.space, seats, shown)
    agreed_at = change.now if agreed else None
    seat = SeatRecord(new_id(change.now), change.space.id, shown, invitation.role, change.now, agreed_at)
    await change.work.seats.add(seat)
    await change.work.invitations.put(msgspec.structs.replace(invitation, seat_id=seat.id, accepted_at=change.now))
    return seat


async def _inviter(change: Change, principal: Principal) -> str:
    if principal.account is not None:
        return principal.account.display_name
    if change.standing.seat is not None:
        return (await change.seat(change.standing.seat)).name
    return change.space.host_name
