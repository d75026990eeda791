"""The as-heard monitor's doors on the stage: what was mixed, and the verdict. By cluster key alone."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hustings.base.errors import Invalid
from hustings.documents.heard import Heard
from hustings.documents.space import SpaceState
from hustings.stage.asked import ClusterKey, document_of
from hustings.stage.rooms import Rooms

MAX_HEARD = 4096  # bytes

_ON_AIR = {SpaceState.DOORS, SpaceState.LIVE}


class BadVerdict(Invalid):
    """The body is no verdict."""

    code = "bad_verdict"


def heard_routes(rooms: Rooms, cluster_key: str) -> list[Route]:
    """Give them to Starlette with `exception_handlers=PROBLEMS` of stage/problems.py."""

    key = ClusterKey(cluster_key)

    async def on_air(request: Request) -> Response:
        key.check(request)
        return JSONResponse({"spaces": [plan.id for plan in rooms.plans() if plan.state in _ON_AIR]})

    async def sounded(request: Request) -> Response:
        key.check(request)
        after = request.query_params.get("after", "-1")
        if not after.removeprefix("-").isdecimal():
            raise BadVerdict("After which part? Say its number.")
        told = {"epoch": rooms.epoch, "parts": rooms.room(request.path_params["space"]).air.sounded.after(int(after))}
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def heard(request: Request) -> Response:
        key.check(request)
        unreadable = BadVerdict("This verdict cannot be read. Are all roles of the same version?")
        rooms.take_heard(request.path_params["space"], await document_of(request, Heard, MAX_HEARD, unreadable))
        return Response(status_code=204)

    return [
        Route("/internal/on-air", on_air, methods=["GET"]),
        Route("/internal/spaces/{space}/sounded", sounded, methods=["GET"]),
        Route("/internal/spaces/{space}/heard", heard, methods=["PUT"]),
    ]
