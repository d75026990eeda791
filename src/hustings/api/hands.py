"""Raised hands. A guest follows theirs by the secret it was answered with; an account needs none."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request

from hustings.api import models, views
from hustings.api.auth import Who, bearer_of, by_cookie, principal
from hustings.api.services import Town, client_origin
from hustings.documents.seat_token import PREFIX as SEAT_PREFIX
from hustings.square import limits
from hustings.square.principal import Principal
from hustings.square.secrets import TOKEN_PREFIX
from hustings.store.values import RequestState

router = APIRouter(prefix="/api/v1/spaces/{space_id}/requests", tags=["requests"])


class Asking(NamedTuple):
    """The listener behind a raised hand: signed in, or with the hand's secret as bearer."""

    who: Principal
    secret: str


async def asking(request: Request, town: Town) -> Asking:
    bearer = bearer_of(request)
    if not bearer or bearer.startswith((TOKEN_PREFIX, SEAT_PREFIX)):
        return Asking(await principal(request, town), "")
    return Asking(await by_cookie(request, town), bearer)


Asker = Annotated[Asking, Depends(asking)]

WAIT = "You raised your hand a moment ago. Wait a little before you do it again."


@router.post("", status_code=201)
async def ask(space_id: str, body: models.NewHand, request: Request, town: Town, who: Who) -> views.Json:
    await town.limiter.hit(limits.HANDS, WAIT, "hand", client_origin(request))
    made, secret = await town.hands.ask(space_id, who, body.name)
    return {"id": made.id, "secret": secret, "state": made.state.value}


@router.get("")
async def list_hands(space_id: str, town: Town, who: Who) -> list[views.Json]:
    return [views.request(each) for each in await town.hands.of(space_id, who)]


@router.get("/{request_id}")
async def look(space_id: str, request_id: str, town: Town, asker: Asker) -> views.Json:
    found = await town.hands.look(space_id, asker.who, request_id, asker.secret)
    return {"state": found.state.value, "seat": found.seat_id}


@router.post("/{request_id}/approve")
async def approve(space_id: str, request_id: str, town: Town, who: Who) -> views.Json:
    return views.request(await town.hands.answer(space_id, who, request_id, RequestState.APPROVED))


@router.post("/{request_id}/decline")
async def decline(space_id: str, request_id: str, town: Town, who: Who) -> views.Json:
    return views.request(await town.hands.answer(space_id, who, request_id, RequestState.DECLINED))


@router.post("/{request_id}/withdraw")
async def withdraw(
    space_id: str, request_id: str, town: Town, asker: Asker, body: models.HandSecret | None = None
) -> views.Json:
    secret = (body.secret if body else "") or asker.secret
    return views.request(await town.hands.withdraw(space_id, asker.who, request_id, secret))


@router.post("/{request_id}/accept", status_code=201)
async def accept(
    *, space_id: str, request_id: str, body: models.HandAcceptance, request: Request, town: Town, asker: Asker
) -> views.Json:
    secret = body.secret or asker.secret
    grant = await town.hands.accept(space_id, asker.who, request_id, secret, agreed=body.agree_recording)
    return views.grant(grant, town.base(request))
