"""Control changes an account's token for a seat token; whatever it does, the speaker is told a sentence."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.support.asgi import free_port, serving
from tests.support.settling import until

from hustings.base.errors import Conflict, Forbidden, NotFound, Unauthorized, Unavailable
from hustings.stage.exchange import ASKING, ControlExchange

ERRORS = {"401": Unauthorized, "403": Forbidden, "404": NotFound, "409": Conflict, "500": Unavailable}


async def control(request: Request) -> Response:
    if request.headers["authorization"] != "Bearer key":
        return JSONResponse({"error": "no"}, 403)
    asked = await request.json()
    if asked["space"] in ERRORS:
        return JSONResponse({"error": "All 13 seats are taken.", "code": "stage_full"}, int(asked["space"]))
    if asked["space"] == "torn":
        return PlainTextResponse("<html>")
    return JSONResponse({"seat_token": f"seat.{asked['token']}"})


APPLICATION = Starlette(routes=[Route("/internal/seats/exchange", control, methods=["POST"])])


async def test_a_token_is_exchanged_and_each_refusal_keeps_its_family_and_sentence() -> None:
    async with serving(APPLICATION) as base, httpx.AsyncClient() as http:
        exchange = ControlExchange(http, base, "key")
        assert await exchange("space1", "hst_ada") == "seat.hst_ada"
        for status, family in ERRORS.items():
            with pytest.raises(family, match="All 13 seats are taken"):
                await exchange(status, "hst_ada")
        with pytest.raises(Unavailable):
            await exchange("torn", "hst_ada")


async def test_made_up_tokens_by_the_thousand_are_not_all_passed_on() -> None:
    asked, answering = 0, asyncio.Event()

    async def slow(_request: Request) -> Response:
        nonlocal asked
        asked += 1
        await answering.wait()
        return JSONResponse({"seat_token": "seat.ada"})

    application = Starlette(routes=[Route("/internal/seats/exchange", slow, methods=["POST"])])
    async with serving(application) as base, httpx.AsyncClient() as http:
        exchange = ControlExchange(http, base, "key")
        waiting = [asyncio.create_task(exchange("space1", f"hst_{n}")) for n in range(ASKING)]
        await until(lambda: asked == ASKING)
        with pytest.raises(Unavailable, match="Too many"):
            await exchange("space1", "hst_more")
        answering.set()
        assert await asyncio.gather(*waiting) == ["seat.ada"] * ASKING
        assert await exchange("space1", "hst_later") == "seat.ada"


async def test_a_control_that_does_not_answer_is_unavailable() -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(Unavailable):
            await ControlExchange(http, f"http://127.0.0.1:{free_port()}", "key")("space1", "hst_ada")
