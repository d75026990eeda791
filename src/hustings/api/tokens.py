"""Bearer tokens for programs: scoped, expiring, shown once."""

from fastapi import APIRouter

from hustings.api import models, views
from hustings.api.auth import Who
from hustings.api.services import Town

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])


@router.get("")
async def list_tokens(town: Town, who: Who) -> list[views.Json]:
    return [views.token(token) for token in await town.sessions.tokens_of(who.needs_person())]


@router.post("", status_code=201)
async def make(body: models.NewToken, town: Town, who: Who) -> views.Json:
    secret, token = await town.sessions.make_token(who.needs_person(), body.label, body.scopes, body.expires_in_days)
    return {"token": secret, **views.token(token)}


@router.delete("/{token_id}", status_code=204)
async def revoke(token_id: str, town: Town, who: Who) -> None:
    await town.sessions.revoke_token(who.needs_person(), token_id)
