"""The border: each of our errors becomes a status and {"error": a sentence, "code": a word}; nothing else leaves."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from hustings.base.errors import (
    Conflict,
    Forbidden,
    HustingsError,
    Invalid,
    NotFound,
    TooMany,
    Unauthorized,
    Unavailable,
)

STATUS: Mapping[type[HustingsError], int] = {
    Invalid: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
}

log = structlog.get_logger(__name__)


def status_of(kind: type[HustingsError]) -> int:
    """By the family the class belongs to. Raises LookupError for one that has none; a test asks for all."""
    for ancestor in kind.__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    raise LookupError(kind)


def answer(status: int, sentence: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence, "code": code}, status, dict(headers or {}))


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HustingsError)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany | Unavailable):
        headers["retry-after"] = str(max(1, round(error.retry_after)))
    if isinstance(error, Unauthorized):
        headers["www-authenticate"] = "Bearer"
    return answer(status_of(type(error)), str(error), error.code, headers)


async def _form(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(400, sentence_of(error.errors()[0]), Invalid.code)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    known = {
        404: ("There is nothing at this address.", "not_found"),
        405: ("This cannot be done here.", "bad_method"),
    }
    sentence, code = known.get(error.status_code, (str(error.detail), "http"))
    return answer(error.status_code, sentence, code, error.headers)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", path=request.scope.get("route_path", request.url.path), exc_info=error)
    return answer(500, "Something broke on our side. It has been logged; try again.", "fault")


def sentence_of(fault: Mapping[str, Any]) -> str:
    """One of pydantic's findings, for a person."""
    where = [str(step) for step in fault["loc"] if step != "body"]
    field = f"“{'.'.join(where)}”" if where else "The request's body"
    kind = fault["type"]
    if kind == "missing":
        return f"{field} is missing."
    if kind == "extra_forbidden":
        return f"{field} is not known here. Check its spelling."
    if kind == "json_invalid":
        return "The request's body is not valid JSON."
    return f"{field} is not right: {_lowered(str(fault['msg']))}."


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")


def translate_errors(app: FastAPI) -> None:
    app.add_exception_handler(HustingsError, _ours)
    app.add_exception_handler(RequestValidationError, _form)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
