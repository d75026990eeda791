"""Our errors as the stage's HTTP answers; what each is as an answer, base/errors.py says.

Give `PROBLEMS` to Starlette as `exception_handlers`. It never invents a text: the sentence a person reads was
written where the error was raised.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from hustings.base.errors import HustingsError, Unauthorized


def problem(error: HustingsError) -> JSONResponse:
    """`{"error": sentence, "code": word}`, with Retry-After where the error says when to come back."""
    return JSONResponse(error.body, error.status, error.headers)


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
