"""The as-heard monitor's doors on the stage: what was mixed, and the verdict. By cluster key alone."""

import hmac

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hustings.base.errors import Invalid, TooLarge
from hustings.documents.heard import Heard
from hustings.documents.space import SpaceState
from hustings.stage.problems import bearer_of
from hustings.stage.rooms import Rooms
from hustings.stage.routes import WrongKey

MAX_HEARD = 4096  # bytes

_ON_AIR = {SpaceState.DOORS, SpaceState.LIVE}


class BadVerdict(Invalid):
    """The body is no verdict."""

    code = "bad_verdict"


class VerdictTooLong(TooLarge):
    code = "verdict_too_long"


async def _heard(request: Request) -> Heard:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_HEARD:
            raise VerdictTooLong("This verdict is longer than any verdict can be.")
    try:
        return msgspec.json.decode(bytes(body), type=Heard)
    except msgspec.DecodeError as error:
        raise BadVerdict("This verdict cannot be read. Are all roles of the same version?") from error


def heard_routes(rooms: Rooms, cluster_key: str) -> list[Route]:
    """Give them to Starlette with `exception_handlers=PROBLEMS` of stage/problems.py."""

    def check_key(request: Request) -> None:
        if not hmac.compare_digest(bearer_of(request).encode(), cluster_key.encode()):
            raise WrongKey("This address is for the other roles of the installation.")

    async def on_air(request: Request) -> Response:
        check_key(request)
        return JSONResponse({"spaces": [plan.id for plan in rooms.plans() if plan.state in _ON_AIR]})

    async def sounded(request: Request) -> Response:
        check_key(request)
        after = request.query_params.get("after", "-1")
        if not after.removeprefix("-").isdecimal():
            raise BadVerdict("After which part? Say its number.")
        told = {"epoch": rooms.epoch, "parts": rooms.room(request.path_params["space"]).sounded.after(int(after))}
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def heard(request: Request) -> Response:
        check_key(request)
        rooms.take_heard(request.path_params["space"], await _heard(request))
        return Response(status_code=204)

    return [
        Route("/internal/on-air", on_air, methods=["GET"]),
        Route("/internal/spaces/{space}/sounded", sounded, methods=["GET"]),
        Route("/internal/spaces/{space}/heard", heard, methods=["PUT"]),
    ]
