"""Passkeys: making, listing, removing one's own, and signing in by one."""

from fastapi import APIRouter, Request, Response

from hustings.api import models, views
from hustings.api.auth import Who
from hustings.api.people import WAIT, begin_session
from hustings.api.services import Town, client_origin
from hustings.square import limits

router = APIRouter(prefix="/api/v1", tags=["passkeys"])


@router.post("/passkeys/options")
async def options(request: Request, town: Town, who: Who) -> views.Json:
    return await town.passkeys.options_to_make(who.needs_person(), town.site(request))


@router.post("/passkeys", status_code=201)
async def make(body: models.NewPasskey, request: Request, town: Town, who: Who) -> views.Json:
    made = await town.passkeys.make(who.needs_person(), body.credential, body.label, town.site(request))
    return views.passkey(made)


@router.get("/passkeys")
async def list_passkeys(town: Town, who: Who) -> list[views.Json]:
    return [views.passkey(key) for key in await town.passkeys.of(who.needs_person())]


@router.delete("/passkeys/{passkey_id}", status_code=204)
async def remove(passkey_id: str, town: Town, who: Who) -> None:
    await town.passkeys.remove(who.needs_person(), passkey_id)


@router.post("/sessions/passkey/options")
async def sign_in_options(request: Request, town: Town, _who: Who) -> views.Json:
    await town.limiter.hit(limits.SIGN_IN_BY_ADDRESS, WAIT, "passkey", client_origin(request))
    return await town.passkeys.options_to_sign_in(town.site(request))


@router.post("/sessions/passkey", status_code=201)
async def sign_in(
    body: models.PasskeySignIn, request: Request, response: Response, town: Town, _who: Who
) -> views.Json:
    await town.limiter.hit(limits.SIGN_IN_BY_ADDRESS, WAIT, "passkey", client_origin(request))
    account = await town.passkeys.sign_in(body.credential, town.site(request))
    return await begin_session(request, response, town, account)
