"""What the other roles ask. Needs the cluster's key; the edge passes no such path on."""

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from hustings.api import models, views
from hustings.api.auth import cluster_only
from hustings.api.services import Town
from hustings.base.errors import Invalid
from hustings.documents.space import Replay
from hustings.documents.turnout import Turnout

router = APIRouter(prefix="/internal", dependencies=[Depends(cluster_only)], include_in_schema=False)


@router.get("/healthz")
async def healthz() -> views.Json:
    return {"ok": True}


@router.post("/seats/exchange")
async def exchange(body: models.Exchange, town: Town) -> views.Json:
    """An account's token shown at the WHIP door becomes that account's seat token."""
    principal = await town.sessions.by_token(body.token)
    grant = await town.seats.exchange(body.space, principal)
    return {"seat_token": grant.token}


@router.post("/spaces/{space_id}/replay", status_code=204)
async def replay(space_id: str, request: Request, town: Town) -> None:
    try:
        told = msgspec.json.decode(await request.body(), type=Replay)
    except msgspec.DecodeError as error:
        raise Invalid("This is no replay document.") from error
    await town.spaces.replay_is(space_id, told)


@router.post("/spaces/{space_id}/turnout", status_code=204)
async def turnout(space_id: str, request: Request, town: Town) -> None:
    try:
        told = msgspec.json.decode(await request.body(), type=Turnout)
    except msgspec.DecodeError as error:
        raise Invalid("This is no turnout document.") from error
    await town.spaces.turnout_is(space_id, told)


@router.get("/plans")
async def plans(town: Town) -> Response:
    return _json(msgspec.json.encode(await town.spaces.plans()))


@router.get("/plans/{space_id}")
async def plan(space_id: str, town: Town) -> Response:
    return _json(msgspec.json.encode(await town.spaces.plan(space_id)))


@router.get("/accounts/{name}")
async def account(name: str, town: Town) -> str:
    return (await town.accounts.by_name(name)).name


@router.post("/owner-link")
async def owner_link(town: Town) -> views.Json:
    """The address at which the owner is made, until there is one; for the process that tells it at the start."""
    secret = await town.accounts.ensure_owner_link()
    return {"url": None if secret is None else town.setup_url(secret)}


@router.post("/sample")
async def sample(request: Request, town: Town) -> views.Json:
    found = await town.sample.find_or_make()
    told = [(name, views.grant(grant, town.base(request))) for name, grant in found.seats]
    return {
        "space": found.space,
        "whip": told[0][1]["whip"] if told else None,
        "seats": [{"name": name, "token": grant["token"]} for name, grant in told],
    }


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
