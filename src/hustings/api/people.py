"""Setting up, signing in and out, one's own account."""

from fastapi import APIRouter, Request, Response

from hustings.api import models, views
from hustings.api.auth import Who, clear_cookie, set_cookie
from hustings.api.services import Services, Town, client_origin
from hustings.square import limits
from hustings.square.errors import NotSignedIn
from hustings.store.values import Account, AccountRole

router = APIRouter(prefix="/api/v1", tags=["people"])

WAIT = "Too many tries from your address. Wait a little, then try again."


async def me_of(town: Services, account: Account | None) -> views.Json:
    owned = await town.accounts.owner_exists()
    keys = len(await town.passkeys.of(account)) if account else 0
    return {"account": views.account(account) if account else None, "owner_exists": owned, "passkeys": keys}


async def begin_session(request: Request, response: Response, town: Services, account: Account) -> views.Json:
    secret = await town.sessions.start(account, request.headers.get("user-agent", ""))
    set_cookie(request, response, town, secret)
    return await me_of(town, account)


@router.get("/me")
async def me(town: Town, who: Who) -> views.Json:
    return await me_of(town, who.account)


@router.post("/setup/look")
async def look_at_link(body: models.Link, request: Request, town: Town) -> views.Json:
    """What a one-time link is for. A POST, so that the secret is in no address, where servers and browsers log it."""
    await town.limiter.hit(limits.LINKS, WAIT, "link", client_origin(request))
    found, account = await town.accounts.look_at_link(body.link)
    return {"role": found.role.value, "name": account.name if account else None}


@router.post("/setup")
async def use_link(body: models.Setup, request: Request, response: Response, town: Town, _who: Who) -> views.Json:
    await town.limiter.hit(limits.LINKS, WAIT, "link", client_origin(request))
    account = await town.accounts.use_link(body.link, body.name, body.display_name, body.password)
    return await begin_session(request, response, town, account)


@router.post("/account-links", status_code=201)
async def make_link(body: models.NewLink, request: Request, town: Town, who: Who) -> views.Json:
    secret = await town.accounts.invite(who.needs_person(), AccountRole(body.role))
    return {"url": town.setup_url(secret, town.base(request)), "role": body.role}


@router.post("/sessions", status_code=201)
async def sign_in(body: models.SignIn, request: Request, response: Response, town: Town, _who: Who) -> views.Json:
    origin = client_origin(request)
    await town.limiter.hit(limits.SIGN_IN_BY_ADDRESS, WAIT, "sign-in", origin)
    await town.limiter.hit(limits.SIGN_IN_BY_NAME, WAIT, "sign-in", origin, body.name.lower())
    account = await town.accounts.by_password(body.name, body.password)
    return await begin_session(request, response, town, account)


@router.get("/sessions")
async def list_sessions(town: Town, who: Who) -> list[views.Json]:
    account = who.needs_person()
    return [views.session(session, who.session_id) for session in await town.sessions.of(account)]


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: str, request: Request, response: Response, town: Town, who: Who) -> None:
    account = who.needs_person()
    wanted = who.session_id if session_id == "current" else session_id
    if wanted is None:
        raise NotSignedIn("You are not signed in.")
    await town.sessions.revoke(account, wanted)
    if wanted == who.session_id:
        clear_cookie(request, response, town)


@router.post("/account/password", status_code=204)
async def change_password(body: models.NewPassword, request: Request, town: Town, who: Who) -> None:
    account = who.needs_person()
    await town.limiter.hit(limits.SIGN_IN_BY_NAME, WAIT, "password", client_origin(request), account.name)
    await town.accounts.change_password(account, body.current, body.new, who.session_id)


@router.patch("/account")
async def rename(body: models.Renamed, town: Town, who: Who) -> views.Json:
    return await me_of(town, await town.accounts.rename(who.needs_person(), body.display_name))


@router.get("/accounts/{name}")
async def show_account(name: str, request: Request, town: Town) -> views.Json:
    account = await town.accounts.by_name(name)
    spaces = [views.space(view, town.base(request)) for view in await town.spaces.hosted_by(account)]
    return {"name": account.name, "display_name": account.display_name, "spaces": spaces}
