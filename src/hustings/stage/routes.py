"""The stage's HTTP beside WHIP: plans from control (by cluster key) and the desk (by seat token)."""

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hustings.base.sizes import KILO
from hustings.documents.space import SpacePlan
from hustings.stage.asked import ClusterKey, document_of
from hustings.stage.desk import Desk
from hustings.stage.plans import BadPlan
from hustings.stage.problems import bearer_of
from hustings.stage.rooms import Rooms

MAX_PLAN = 256 * KILO  # bytes: far above 13 seats and every hand raised

_STREAM = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def _plan(request: Request) -> SpacePlan:
    unreadable = BadPlan("This plan cannot be read. Are all roles of the same version?")
    plan = await document_of(request, SpacePlan, MAX_PLAN, unreadable)
    if plan.id != request.path_params["space"]:
        raise BadPlan("The plan is of another Space than its address.")
    return plan


def stage_routes(rooms: Rooms, desk: Desk, cluster_key: str, late: Collection[float] = ()) -> list[Route]:
    """Give them to Starlette with `exception_handlers=PROBLEMS` of stage/problems.py. `late` is the mixer's."""

    key = ClusterKey(cluster_key)

    async def epoch(request: Request) -> Response:
        key.check(request)
        return JSONResponse({"epoch": rooms.epoch})

    async def lateness(request: Request) -> Response:
        key.check(request)
        return JSONResponse([round(seconds, 5) for seconds in late])

    async def put(request: Request) -> Response:
        key.check(request)
        await rooms.put(await _plan(request))
        return Response(status_code=204)

    async def delete(request: Request) -> Response:
        key.check(request)
        await rooms.delete(request.path_params["space"])
        return Response(status_code=204)

    async def read_desk(request: Request) -> Response:
        claim = rooms.seated(request.path_params["space"], bearer_of(request))
        return StreamingResponse(desk.open(claim), media_type="text/event-stream", headers=_STREAM)

    return [
        Route("/internal/epoch", epoch, methods=["GET"]),
        Route("/internal/lateness", lateness, methods=["GET"]),
        Route("/internal/spaces/{space}", put, methods=["PUT"]),
        Route("/internal/spaces/{space}", delete, methods=["DELETE"]),
        Route("/api/v1/spaces/{space}/desk", read_desk, methods=["GET"]),
    ]
