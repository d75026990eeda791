"""Invitations: links that give one seat."""

from fastapi import APIRouter, Request

from hustings.api import models, views
from hustings.api.auth import Who
from hustings.api.services import Town, client_origin
from hustings.documents.space import Role
from hustings.square import limits

router = APIRouter(prefix="/api/v1", tags=["invitations"])

WAIT = "Too many tries from your address. Wait a minute, then open your link again."


@router.post("/spaces/{space_id}/invitations", status_code=201)
async def make(space_id: str, body: models.NewInvitation, request: Request, town: Town, who: Who) -> views.Json:
    made, secret = await town.invitations.make(space_id, who, body.name or "", Role(body.role))
    return {**views.invitation(made), "url": f"{town.base(request)}/join/{secret}"}


@router.get("/spaces/{space_id}/invitations")
async def list_invitations(space_id: str, town: Town, who: Who) -> list[views.Json]:
    return [views.invitation(each) for each in await town.invitations.of(space_id, who)]


@router.delete("/spaces/{space_id}/invitations/{invitation_id}", status_code=204)
async def revoke(space_id: str, invitation_id: str, town: Town, who: Who) -> None:
    await town.invitations.revoke(space_id, who, invitation_id)


@router.get("/invitations/{secret}")
async def look(secret: str, request: Request, town: Town) -> views.Json:
    """Once it is accepted, `name` is the one that its seat is known by."""
    found, view = await town.invitations.look(secret)
    told = views.invitation(found)
    seated = next((seat.name for seat in view.seats if seat.id == told["seat"]), None)
    return {
        "space": views.space(view, town.base(request)),
        "role": told["role"],
        "name": seated or told["name"],
        "from": told["from"],
        "accepted": told["accepted"],
        "expires_at": told["expires_at"],
    }


@router.post("/invitations/{secret}/accept", status_code=201)
async def accept(secret: str, body: models.Acceptance, request: Request, town: Town, _who: Who) -> views.Json:
    await town.limiter.hit(limits.ACCEPTS, WAIT, "accept", client_origin(request))
    grant = await town.invitations.accept(secret, body.name, agreed=body.agree_recording)
    return views.grant(grant, town.base(request))
