"""Taking a seat, and what happens to it on stage."""

import msgspec

from hustings.base.ids import new_id
from hustings.documents.space import Role
from hustings.spaces import life
from hustings.spaces.errors import NotAllowed, NotInvited
from hustings.spaces.floor import Change, Floor, SeatGrant
from hustings.spaces.permissions import Action, Standing, decide, decide_seat, require
from hustings.spaces.stage_rules import is_settled, require_agreement, require_room, with_role
from hustings.square.principal import Principal, Scope
from hustings.store.values import Account, Invitation, SeatRecord


class Seats:
    """The stage's seats as people take and direct them."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def take(self, space_id: str, principal: Principal, *, agreed: bool, on_air: bool = False) -> SeatGrant:
        """The account's seat: the one it has, or a new one for the host or an invited account.

        The host's switch is on from the start; for others `on_air` says. Raises NotInvited, StageFull,
        RecordingNotAgreed or WrongState.
        """
        account = principal.needs(Scope.SPEAK)
        async with self._floor.looking(space_id, principal) as look:
            life.require_open(look.space)
            held = await look.work.seats.of_account(space_id, account.id)
            settled = held is not None and is_settled(look.space, held, agreed=agreed)
        if held is not None and settled:
            return self._floor.grant(held)
        async with self._floor.changing(space_id, principal) as change:
            seat = await _seated(change, account, agreed=agreed, on_air=on_air)
        return self._floor.grant(seat)

    async def exchange(self, space_id: str, principal: Principal) -> SeatGrant:
        """An account's token shown at the WHIP door: whoever sends audio by a program has agreed to be recorded."""
        grant = await self.take(space_id, principal, agreed=True, on_air=True)
        if grant.role is Role.PRODUCER:
            raise NotAllowed("A producer works the show and has no microphone.")
        return grant

    async def of(self, space_id: str, principal: Principal) -> tuple[SeatRecord, ...]:
        async with self._floor.looking(space_id, principal) as look:
            require(decide(look.standing, Action.PEOPLE))
            return await look.seats()

    async def air(self, space_id: str, principal: Principal, seat_id: str, *, on: bool) -> SeatRecord:
        """The on-air switch: heard whenever the Space is live."""
        async with self._floor.changing(space_id, principal) as change:
            seat = await change.seat(seat_id)
            require(decide_seat(change.standing, Action.AIR, seat, on=on))
            held = _held(seat, change.standing, opens=on)
            switched = msgspec.structs.replace(seat, on_air=on, aired=seat.aired or on, held_by_director=held)
            return await change.work.seats.put(switched)

    async def mute(self, space_id: str, principal: Principal, seat_id: str, *, on: bool) -> SeatRecord:
        async with self._floor.changing(space_id, principal) as change:
            seat = await change.seat(seat_id)
            require(decide_seat(change.standing, Action.MUTE, seat, on=on))
            held = _held(seat, change.standing, opens=not on)
            return await change.work.seats.put(msgspec.structs.replace(seat, muted=on, held_by_director=held))

    async def remove(self, space_id: str, principal: Principal, seat_id: str) -> SeatRecord:
        """Off the stage at once; the token and the link that led to it are dead."""
        async with self._floor.changing(space_id, principal) as change:
            seat = await change.seat(seat_id)
            require(decide_seat(change.standing, Action.REMOVE, seat))
            await change.work.invitations.revoke_of_seat(seat_id, change.now)
            gone = msgspec.structs.replace(seat, removed_at=change.now, generation=seat.generation + 1, on_air=False)
            return await change.work.seats.put(gone)

    async def role(self, space_id: str, principal: Principal, seat_id: str, role: Role) -> SeatRecord:
        """Make a speaker a co-host or producer, or hand the Space over to a co-host."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.ROLE))
            life.require_open(change.space)
            seat = await change.seat(seat_id)
            change.space, changed = with_role(change.space, await change.seats(), seat, role)
            for each in changed:
                await change.work.seats.put(each)
            return await change.seat(seat_id)


def _held(seat: SeatRecord, standing: Standing, *, opens: bool) -> bool:
    """Whether a director keeps this microphone shut: set and lifted by others than the speaker."""
    if standing.seat == seat.id:
        return seat.held_by_director and not opens
    return not opens


async def _seated(change: Change, account: Account, *, agreed: bool, on_air: bool) -> SeatRecord:
    held = await change.work.seats.of_account(change.space.id, account.id)
    if held is not None:
        return await change.agree(held, agreed=agreed)
    require_agreement(change.space, agreed=agreed)
    role, invitation = await _role_of(change, account)
    require_room(await change.seats(), role)
    switched_on = role is not Role.PRODUCER and (on_air or role is Role.HOST)
    seat = SeatRecord(
        new_id(change.now), change.space.id, account.display_name, role, change.now,
        agreed_recording_at=change.now if agreed else None,
        account_id=account.id, account_name=account.name, on_air=switched_on, aired=switched_on,
    )  # fmt: skip
    await change.work.seats.add(seat)
    if invitation is not None:
        taken = msgspec.structs.replace(invitation, seat_id=seat.id, accepted_at=change.now)
        await change.work.invitations.put(taken)
    return seat


async def _role_of(change: Change, account: Account) -> tuple[Role, Invitation | None]:
    """What the account may be on this stage. Who made a Space and handed it over comes back as co-host."""
    space = change.space
    if account.name == space.host_account:
        return Role.HOST, None
    if account.id == space.creator_id:
        return Role.COHOST, None
    invitation = await change.work.invitations.for_account(space.id, account.id)
    if invitation is None:
        raise NotInvited("You are not invited to speak in this Space. Listen, and raise your hand to ask.")
    return invitation.role, invitation
