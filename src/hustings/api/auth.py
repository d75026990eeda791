"""From a request to who asks; and the cookie.

The attack: another site's page sends a visitor's browser here, and the browser adds the cookie. So whatever changes
something by cookie must come from our own pages, told by Sec-Fetch-Site or Origin, which pages cannot forge.
A bearer token is never sent by a browser on its own, so it needs no such proof.
"""

import secrets
from typing import Annotated

from fastapi import Depends, Request, Response

from hustings.api.services import Services, Town, services
from hustings.base.errors import Forbidden, Unauthorized
from hustings.documents.seat_token import PREFIX as SEAT_PREFIX
from hustings.square.errors import TokenRefused
from hustings.square.principal import NOBODY, Principal
from hustings.square.secrets import TOKEN_PREFIX
from hustings.square.sessions import SESSION_AGE

COOKIE = "hustings_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({"same-origin", "none"})


class FromElsewhere(Forbidden):
    """A write that our own pages did not send."""

    code = "from_elsewhere"


class NotThisCluster(Unauthorized):
    """An internal call without the cluster's key."""

    code = "not_this_cluster"


async def principal(request: Request, town: Town) -> Principal:
    """By bearer token if there is one, else by cookie. Raises Unauthorized for a bad token, FromElsewhere."""
    bearer = bearer_of(request)
    if bearer.startswith(SEAT_PREFIX):
        return await town.floor.by_seat_token(bearer)
    if bearer.startswith(TOKEN_PREFIX):
        return await town.sessions.by_token(bearer)
    if bearer:
        raise TokenRefused("This is neither an account's token nor a seat's.")
    return await by_cookie(request, town)


Who = Annotated[Principal, Depends(principal)]


async def by_cookie(request: Request, town: Services) -> Principal:
    """Who is signed in at the browser, NOBODY if nobody is. Raises FromElsewhere."""
    cookie = request.cookies.get(COOKIE)
    if request.method not in SAFE:
        _require_own_site(request, town, with_cookie=cookie is not None)
    return await town.sessions.by_cookie(cookie) if cookie else NOBODY


def bearer_of(request: Request) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _require_own_site(request: Request, town: Services, *, with_cookie: bool) -> None:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in OWN_SITE
    elif origin is not None:
        ours = origin in {town.base(request), town.reached_at(request)}
    else:
        ours = not with_cookie
    if not ours:
        raise FromElsewhere("This was sent by another site. Open our own page and try again.")


def cluster_only(request: Request) -> None:
    """For /internal: the edge never passes such a path on, and nobody outside has the key."""
    town = services(request)
    if not secrets.compare_digest(bearer_of(request).encode(), town.cluster_key.encode()):
        raise NotThisCluster("This is for the other parts of this installation only.")


def set_cookie(request: Request, response: Response, town: Services, secret: str) -> None:
    secure = town.base(request).startswith("https://")
    response.set_cookie(COOKIE, secret, max_age=SESSION_AGE, httponly=True, samesite="lax", secure=secure, path="/")


def clear_cookie(request: Request, response: Response, town: Services) -> None:
    secure = town.base(request).startswith("https://")
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=secure, path="/")
