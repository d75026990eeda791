"""What people on stage ask of the stage itself, with a seat's token, so that it works while control is away.

Each is a POST below the desk's address. Here it is decided who may ask; what is done about it, others do.
"""

from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hustings.base.clock import Clock
from hustings.base.errors import Conflict, Forbidden, Invalid, NotFound
from hustings.base.sizes import KILO
from hustings.stage.asked import document_of
from hustings.stage.chair import Chair
from hustings.stage.problems import bearer_of
from hustings.stage.room import Room
from hustings.stage.rooms import Rooms

T = TypeVar("T")

PATH: Final = "/api/v1/spaces/{space}/desk"
MAX_COMMAND: Final = 4 * KILO  # bytes: a list of every seat, many times over


class NotDirecting(Forbidden):
    """A speaker asks for what the host, a co-host or a producer may do."""

    code = "not_directing"


class NoDelay(Conflict):
    """What is said goes out at once, so there is nothing to hold back."""

    code = "no_delay"


class BadCommand(Invalid):
    code = "bad_command"


class NobodyThere(NotFound):
    """Whom a director wants to talk to, or to be heard, has left the stage."""

    code = "nobody_there"


class Talk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The talkback key, pressed or let go; no seat named means everybody. `number` grows from word to word."""

    on: bool
    to: tuple[str, ...] = ()
    number: int = 0


class OneSeat(msgspec.Struct, frozen=True):
    """What a command is about."""

    seat: str


def seated(rooms: Rooms, request: Request) -> tuple[Room, Chair]:
    """The Space and the seat whose token this is; raises as `Rooms.seated` does."""
    claim = rooms.seated(request.path_params["space"], bearer_of(request))
    room = rooms.room(claim.space)
    return room, room.seated(claim)


def directing(rooms: Rooms, request: Request) -> tuple[Room, Chair]:
    """The same for those who direct; raises NotDirecting for others."""
    room, chair = seated(rooms, request)
    if not chair.seat.role.may_direct:
        raise NotDirecting("Only the host and those who direct this Space may do this.")
    return room, chair


async def told(request: Request, kind: type[T]) -> T:
    """The request's JSON; raises BadCommand or TooLarge."""
    unreadable = BadCommand("This command cannot be read. Reload the page and try again.")
    return await document_of(request, kind, MAX_COMMAND, unreadable)


def command_routes(rooms: Rooms, clock: Clock) -> list[Route]:
    """Give them to Starlette with `exception_handlers=PROBLEMS` of stage/problems.py."""

    async def dump(request: Request) -> Response:
        room, _ = directing(rooms, request)
        if not room.plan.delay:
            raise NoDelay(
                "This Space has no delay: what was said has been heard. A delay is chosen before it is live."
            )
        return JSONResponse({"seconds": room.air.dump(clock.now())})

    async def talkback(request: Request) -> Response:
        room, chair = directing(rooms, request)
        talk = await told(request, Talk)
        if talk.on:
            there = {seat for seat in talk.to if seat != chair.seat.id and room.chair(seat) is not None}
            if talk.to and not there:
                raise NobodyThere("Whom you want to talk to is not on this stage any more.")
            room.talkback.press(chair, there, clock.monotonic(), talk.number)
        else:
            room.talkback.release(chair, clock.monotonic(), talk.number)
        return JSONResponse({"on": talk.on})

    async def preflight(request: Request) -> Response:
        room, chair = seated(rooms, request)
        room.check(chair)
        return Response(status_code=202)

    async def unsilence(request: Request) -> Response:
        room, _ = directing(rooms, request)
        seat = (await told(request, OneSeat)).seat
        if room.chair(seat) is None:
            raise NobodyThere("Whom you want heard is not on this stage any more.")
        room.watch.overrule(seat)
        return Response(status_code=204)

    return [
        Route(PATH + "/talkback", talkback, methods=["POST"]),
        Route(PATH + "/dump", dump, methods=["POST"]),
        Route(PATH + "/preflight", preflight, methods=["POST"]),
        Route(PATH + "/unsilence", unsilence, methods=["POST"]),
    ]
