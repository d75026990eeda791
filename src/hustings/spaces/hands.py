"""Raised hands: a listener asks, a director answers, and the listener says yes before being listed."""

import secrets

import msgspec

from hustings.base.errors import Conflict
from hustings.base.ids import new_id, new_secret
from hustings.base.states import StateGraph
from hustings.documents.space import Role
from hustings.spaces import life
from hustings.spaces.errors import NoSuchRequest, TooManyHands, WrongState
from hustings.spaces.floor import Change, Floor, SeatGrant
from hustings.spaces.permissions import Action, decide, require
from hustings.spaces.stage_rules import is_settled, require_agreement, require_free_name, require_room
from hustings.square.names import display_name
from hustings.square.principal import NOBODY, Principal, Scope
from hustings.square.secrets import hashed
from hustings.store.values import Account, Request, RequestState, SeatRecord

MAX_PENDING = 200  # raised hands of one Space: more than any director reads

REQUEST_LIFE = StateGraph(
    RequestState,
    initial=RequestState.PENDING,
    transitions={
        RequestState.PENDING: {RequestState.APPROVED, RequestState.DECLINED, RequestState.WITHDRAWN},
        RequestState.APPROVED: {RequestState.ACCEPTED, RequestState.DECLINED, RequestState.WITHDRAWN},
        RequestState.ACCEPTED: set(),
        RequestState.DECLINED: set(),
        RequestState.WITHDRAWN: set(),
    },
)

_IS = {
    RequestState.PENDING: "The host has not answered yet.",
    RequestState.APPROVED: "The host said yes already.",
    RequestState.ACCEPTED: "This listener is on stage already.",
    RequestState.DECLINED: "The host said no this time. You can raise your hand again.",
    RequestState.WITHDRAWN: "This hand was taken down. You can raise it again.",
}


class Hands:
    """The requests to speak of every Space."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def ask(self, space_id: str, principal: Principal, name: str) -> tuple[Request, str]:
        """The request, and the secret by which a guest's browser follows it."""
        _require_voice(principal)
        secret = new_secret()
        async with self._floor.changing(space_id, principal) as change:
            life.require_open(change.space)
            if len(await change.work.requests.pending(space_id)) >= MAX_PENDING:
                raise TooManyHands("Very many hands are raised. Try again in a minute.", retry_after=60)
            account = principal.account
            shown = display_name(account.display_name if account else name)
            if account is None:
                require_free_name(change.space, await change.seats(), shown)
            request = Request(
                new_id(change.now), space_id, hashed(secret), shown, RequestState.PENDING, change.now,
                account.id if account else None,
            )  # fmt: skip
            return await change.work.requests.add(request), secret

    async def of(self, space_id: str, principal: Principal) -> tuple[Request, ...]:
        async with self._floor.looking(space_id, principal) as look:
            require(decide(look.standing, Action.HANDS))
            return await look.work.requests.of(space_id)

    async def look(self, space_id: str, principal: Principal, request_id: str, secret: str) -> Request:
        async with self._floor.looking(space_id, principal) as look:
            return await _own(look, principal, request_id, secret)

    async def answer(self, space_id: str, principal: Principal, request_id: str, to: RequestState) -> Request:
        """A director's yes or no."""
        async with self._floor.changing(space_id, principal) as change:
            require(decide(change.standing, Action.HANDS))
            return await _moved(change, await _find(change, request_id), to)

    async def withdraw(self, space_id: str, principal: Principal, request_id: str, secret: str) -> Request:
        async with self._floor.changing(space_id, principal) as change:
            request = await _own(change, principal, request_id, secret)
            return await _moved(change, request, RequestState.WITHDRAWN)

    async def accept(
        self, space_id: str, principal: Principal, request_id: str, secret: str, *, agreed: bool
    ) -> SeatGrant:
        """Takes the seat that was offered, or gives its token again to a browser that reloaded."""
        _require_voice(principal)
        async with self._floor.looking(space_id, NOBODY) as look:
            life.require_open(look.space)
            request = await _own(look, principal, request_id, secret)
            if request.state is RequestState.ACCEPTED and request.seat_id is not None:
                taken = await look.seat(request.seat_id)
                if is_settled(look.space, taken, agreed=agreed):
                    return self._floor.grant(taken)
        async with self._floor.changing(space_id, NOBODY) as change:
            request = await _own(change, principal, request_id, secret)
            seat = await _seated(change, request, principal, agreed=agreed)
        return self._floor.grant(seat)


def _require_voice(principal: Principal) -> None:
    """A guest needs no account; a program that speaks for an account needs its scope."""
    if principal.account is not None:
        principal.needs(Scope.SPEAK)


async def _find(look: Change, request_id: str) -> Request:
    request = await look.work.requests.get(request_id)
    if request is None or request.space_id != look.space.id:
        raise NoSuchRequest("There is no such raised hand.")
    return request


async def _own(look: Change, principal: Principal, request_id: str, secret: str) -> Request:
    """The request, for who holds its secret or is its account; to others it does not exist."""
    request = await _find(look, request_id)
    by_account = principal.account is not None and principal.account.id == request.account_id
    if not by_account and not secrets.compare_digest(hashed(secret), request.secret_hash):
        raise NoSuchRequest("There is no such raised hand.")
    return request


async def _moved(change: Change, request: Request, to: RequestState) -> Request:
    try:
        REQUEST_LIFE.check(request.state, to, because=_IS[request.state])
    except Conflict as error:
        raise WrongState(str(error)) from error
    answered = msgspec.structs.replace(request, state=to, answered_at=change.now)
    return await change.work.requests.put(answered)


async def _seated(change: Change, request: Request, principal: Principal, *, agreed: bool) -> SeatRecord:
    life.require_open(change.space)
    if request.state is RequestState.ACCEPTED and request.seat_id is not None:
        return await change.agree(await change.seat(request.seat_id), agreed=agreed)
    require_agreement(change.space, agreed=agreed)
    moved = await _moved(change, request, RequestState.ACCEPTED)
    account = principal.account if principal.account and principal.account.id == request.account_id else None
    held = await change.work.seats.of_account(change.space.id, account.id) if account else None
    if held is not None:
        seat = await change.agree(held, agreed=agreed)
    else:
        seat = await _new_seat(change, request, account, agreed=agreed)
    await change.work.requests.put(msgspec.structs.replace(moved, seat_id=seat.id))
    return seat


async def _new_seat(change: Change, request: Request, account: Account | None, *, agreed: bool) -> SeatRecord:
    seats = await change.seats()
    require_room(seats, Role.SPEAKER)
    if account is None:
        require_free_name(change.space, seats, request.name)
    seat = SeatRecord(
        new_id(change.now), change.space.id, request.name, Role.SPEAKER, change.now,
        agreed_recording_at=change.now if agreed else None,
        account_id=account.id if account else None, account_name=account.name if account else None,
    )  # fmt: skip
    return await change.work.seats.add(seat)
