"""Our errors as HTTP answers: the stage's one border between the error tree and status codes.

Give `PROBLEMS` to Starlette as `exception_handlers`. It never invents a text: the sentence a person reads was
written where the error was raised.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

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


def status_of(error: HustingsError) -> int:
    """The status of the error's family; 500 for an error that belongs to none."""
    return next((status for family, status in STATUS.items() if isinstance(error, family)), 500)


def problem(error: HustingsError) -> JSONResponse:
    """`{"error": sentence, "code": word}`, with Retry-After where the error says when to come back."""
    headers = {}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": str(error), "code": error.code}, status_of(error), headers)


async def _answer(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HustingsError)
    return problem(error)


PROBLEMS: Mapping[Any, Any] = {HustingsError: _answer}


def bearer_of(request: Request) -> str:
    """The bearer token of a request; raises Unauthorized when there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized("This needs a token. Open your invitation link again, or sign in.")
    return token.strip()
