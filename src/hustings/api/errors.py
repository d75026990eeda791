"""The border: our errors leave as base/errors.py says, all else as {"error": a sentence, "code": a word} too."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hustings.base.errors import HustingsError, Invalid
from hustings.base.faults import sentence_of

log = structlog.get_logger(__name__)


def told(error: HustingsError) -> JSONResponse:
    return JSONResponse(error.body, error.status, error.headers)


def answer(status: int, sentence: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence, "code": code}, status, dict(headers or {}))


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HustingsError)
    return told(error)


async def _form(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return told(Unfit(error.errors()[0]))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    known = {
        404: ("There is nothing at this address.", "not_found"),
        405: ("This cannot be done here.", "bad_method"),
    }
    sentence, code = known.get(error.status_code, (str(error.detail), "http"))
    return answer(error.status_code, sentence, code, error.headers)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    """The route's template is logged and not the address, which may carry the secret of a link."""
    route = request.scope.get("route")
    log.error("request failed", route=getattr(route, "path", "none"), exc_info=error)
    return answer(500, "Something broke on our side. It has been logged; try again.", "fault")


class Unfit(Invalid):
    """A request's field that is missing, unknown or not in its form; `field` names it, empty for the whole body."""

    def __init__(self, fault: Mapping[str, Any]) -> None:
        """`fault` is one of pydantic's findings."""
        if fault["type"] == "json_invalid":
            self.field = ""
            super().__init__("The request's body is not valid JSON.")
            return
        self.field = ".".join(str(step) for step in fault["loc"][1:])
        super().__init__(sentence_of(f"“{self.field}”" if self.field else "The request's body", fault))

    @property
    def body(self) -> dict[str, str]:
        return super().body | {"field": self.field}


def translate_errors(app: FastAPI) -> None:
    app.add_exception_handler(HustingsError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
