"""The stage's seats: taking one's own, switching, removing, changing roles."""

from fastapi import APIRouter, Request

from hustings.api import models, views
from hustings.api.auth import Who
from hustings.api.services import Town
from hustings.documents.space import Role

router = APIRouter(prefix="/api/v1/spaces/{space_id}", tags=["stage"])


@router.post("/seat", status_code=201)
async def take(space_id: str, body: models.Agreement, request: Request, town: Town, who: Who) -> views.Json:
    grant = await town.seats.take(space_id, who, agreed=body.agree_recording)
    return views.grant(grant, town.base(request))


@router.get("/seats")
async def list_seats(space_id: str, town: Town, who: Who) -> list[views.Json]:
    return [views.seat(seat) for seat in await town.seats.of(space_id, who)]


@router.post("/seats/{seat_id}/air")
async def air(space_id: str, seat_id: str, town: Town, who: Who, body: models.Switch | None = None) -> views.Json:
    return views.seat(await town.seats.air(space_id, who, seat_id, on=body.on if body else True))


@router.post("/seats/{seat_id}/mute")
async def mute(space_id: str, seat_id: str, town: Town, who: Who, body: models.Switch | None = None) -> views.Json:
    return views.seat(await town.seats.mute(space_id, who, seat_id, on=body.on if body else True))


@router.post("/seats/{seat_id}/remove")
async def remove(space_id: str, seat_id: str, town: Town, who: Who, _body: models.Switch | None = None) -> views.Json:
    return views.seat(await town.seats.remove(space_id, who, seat_id))


@router.post("/seats/{seat_id}/role")
async def role(space_id: str, seat_id: str, body: models.NewRole, town: Town, who: Who) -> views.Json:
    return views.seat(await town.seats.role(space_id, who, seat_id, Role(body.role)))
