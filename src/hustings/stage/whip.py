"""The speakers' door (RFC 9725): an offer is posted, a session comes back; PATCH trickles, DELETE leaves.

It decides nothing about who may speak: `Seating` does. It keeps no media: a Peer does. A session's address is
its key (130 random bits), so PATCH and DELETE ask for nothing more.
"""

import contextlib
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hustings.base.clock import Clock
from hustings.base.errors import HustingsError, Invalid, NotFound, TooMany
from hustings.base.sizes import DOCUMENT
from hustings.documents.seat_token import SeatClaim
from hustings.stage.asked import body_of
from hustings.stage.ice_servers import IceServers
from hustings.stage.problems import bearer_of, problem
from hustings.stage.rooms import ACCOUNT_PREFIX
from hustings.stage.sdp import parse_fragment
from hustings.stage.sessions import WhipSession, WhipSessions

log = structlog.get_logger(__name__)

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
PATH: Final = "/api/v1/spaces/{space}/whip"
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
}
PREFLIGHT: Final = {
    **CORS,
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
    "Accept-Post": SDP,
    "Accept-Patch": FRAGMENT,
}


class WrongType(Invalid):
    code = "wrong_type"
    status = 415

    @property
    def headers(self) -> dict[str, str]:
        return {"accept-post": SDP}


class NoRestart(Invalid):
    code = "no_ice_restart"
    status = 422


class Outdated(Invalid):
    code = "outdated"
    status = 412


def _count(session: WhipSession, candidates: int) -> None:
    """A fragment counts as a candidate, whatever is in it: reading it costs more."""
    if not session.may_trickle(max(0, candidates)):
        raise TooMany("This session has sent more candidates than any network has.")


def _refusal(error: HustingsError) -> Response:
    answer = problem(error)
    answer.headers.update(CORS)
    return answer


async def _body(request: Request, expected: str) -> str:
    """The body as text; raises WrongType, TooLarge, Invalid."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != expected:
        raise WrongType(f"The body must be {expected}.")
    body = await body_of(request, DOCUMENT)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("The session description is not UTF-8 text.") from error


def _is_second(uplink: str) -> bool:
    if uplink not in {"first", "second"}:
        raise Invalid("uplink must be first or second.")
    return uplink == "second"


class WhipDoor:
    """Routes over `WhipSessions`."""

    def __init__(self, sessions: WhipSessions, ice_servers: IceServers, clock: Clock) -> None:
        self._sessions = sessions
        self._ice_servers = ice_servers
        self._clock = clock

    async def resource(self, request: Request) -> Response:
        try:
            return await (self._options(request) if request.method == "OPTIONS" else self._post(request))
        except HustingsError as error:
            return _refusal(error)

    async def session(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(None, 204, PREFLIGHT)
        try:
            session = self._find(request)
            return await (self._delete(session) if request.method == "DELETE" else self._patch(request, session))
        except HustingsError as error:
            return _refusal(error)

    async def _options(self, request: Request) -> Response:
        """A browser wants its relays before it makes an offer: whoever may offer is told here (RFC 9725 §4.6).
        A preflight carries no token and learns nothing. An account's token learns it from the answer to its offer:
        to change it for a seat's takes the seat, and asking takes nothing."""
        if "authorization" not in request.headers or (token := bearer_of(request)).startswith(ACCOUNT_PREFIX):
            return Response(None, 204, PREFLIGHT)
        claim = await self._sessions.authorise(request.path_params["space"], token)
        return Response(None, 204, PREFLIGHT | self._links(claim))

    def _links(self, claim: SeatClaim) -> dict[str, str]:
        links = self._ice_servers.links(claim.seat, self._clock.now())
        return {"Link": links} if links else {}

    async def _post(self, request: Request) -> Response:
        token = bearer_of(request)
        offer = await _body(request, SDP)
        second = _is_second(request.query_params.get("uplink", "first"))
        session = await self._sessions.open(request.path_params["space"], token, offer, second=second)
        headers = {
            **CORS,
            "Location": f"{request.url.path}/{session.id}",
            "ETag": f'"{session.etag}"',
            **self._links(session.claim),
        }
        return Response(session.answer, 201, headers, media_type=SDP)

    def _find(self, request: Request) -> WhipSession:
        session = self._sessions.find(request.path_params["session"])
        if session is None or session.claim.space != request.path_params["space"]:
            raise NotFound("This session has ended. Connect again.")
        return session

    async def _patch(self, request: Request, session: WhipSession) -> Response:
        match = request.headers.get("if-match")
        if match == "*":
            raise NoRestart("This stage does not restart ICE: post a new offer, it takes over the seat.")
        if match is not None and match.strip('"') != session.etag:
            raise Outdated("The session has changed since.")
        _count(session, 1)
        fragment = parse_fragment(await _body(request, FRAGMENT))
        if fragment.ufrag and fragment.ufrag != session.remote_ufrag:
            raise NoRestart("This stage does not restart ICE: post a new offer, it takes over the seat.")
        _count(session, len(fragment.candidates) - 1)
        for candidate in fragment.candidates:
            with contextlib.suppress(ValueError):
                await session.link.add_candidate(candidate)
        return Response(None, 204, CORS)

    async def _delete(self, session: WhipSession) -> Response:
        await self._sessions.end(session)
        return Response(None, 200, CORS)


def whip_routes(door: WhipDoor) -> list[Route]:
    """For the stage's Starlette application. GET is left to Starlette's 405."""
    return [
        Route(PATH, door.resource, methods=["POST", "OPTIONS"]),
        Route(PATH + "/{session}", door.session, methods=["PATCH", "DELETE", "OPTIONS"]),
    ]
