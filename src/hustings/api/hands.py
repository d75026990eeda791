"""Raised hands. A guest follows theirs by the secret it was answered with; an account needs none."""

from fastapi import APIRouter, Request

from hustings.api import models, views
from hustings.api.auth import Who
from hustings.api.services import Town, client_address
from hustings.square import limits
from hustings.store.values import RequestState

router = APIRouter(prefix="/api/v1/spaces/{space_id}/requests", tags=["requests"])

WAIT = "You raised your hand a moment ago. Wait a little before you do it again."


@router.post("", status_code=201)
async def ask(space_id: str, body: models.NewHand, request: Request, town: Town, who: Who) -> views.Json:
    await town.limiter.hit(limits.HANDS, WAIT, "hand", client_address(request))
    made, secret = await town.hands.ask(space_id, who, body.name)
    return {"id": made.id, "secret": secret, "state": made.state.value}


@router.get("")
async def list_hands(space_id: str, town: Town, who: Who) -> list[views.Json]:
    return [views.request(each) for each in await town.hands.of(space_id, who)]


@router.get("/{request_id}")
async def look(space_id: str, request_id: str, town: Town, who: Who, secret: str = "") -> views.Json:
    found = await town.hands.look(space_id, who, request_id, secret)
    return {"state": found.state.value, "seat": found.seat_id}


@router.post("/{request_id}/approve")
async def approve(space_id: str, request_id: str, town: Town, who: Who) -> views.Json:
    return views.request(await town.hands.answer(space_id, who, request_id, RequestState.APPROVED))


@router.post("/{request_id}/decline")
async def decline(space_id: str, request_id: str, town: Town, who: Who) -> views.Json:
    return views.request(await town.hands.answer(space_id, who, request_id, RequestState.DECLINED))


@router.post("/{request_id}/withdraw")
async def withdraw(
    *, space_id: str, request_id: str, town: Town, who: Who, body: models.HandSecret | None = None, secret: str = ""
) -> views.Json:
    known = body.secret if body else ""
    return views.request(await town.hands.withdraw(space_id, who, request_id, known or secret))


@router.post("/{request_id}/accept", status_code=201)
async def accept(
    *,
    space_id: str,
    request_id: str,
    body: models.HandAcceptance,
    request: Request,
    town: Town,
    who: Who,
    secret: str = "",
) -> views.Json:
    grant = await town.hands.accept(space_id, who, request_id, body.secret or secret, agreed=body.agree_recording)
    return views.grant(grant, town.base(request))
