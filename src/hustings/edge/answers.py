"""Whole HTTP answers over bare ASGI, and the one place that turns an error's family into a status code."""

import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

import msgspec

from hustings.base import errors

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Request(NamedTuple):
    """One request as ASGI hands it over."""

    scope: Scope
    receive: Receive
    send: Send


Headers = Iterable[tuple[bytes, bytes]]

FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
ONE_SECOND = (b"cache-control", b"public, max-age=1")
NEVER = (b"cache-control", b"no-store")
ANY_ORIGIN = (b"access-control-allow-origin", b"*")
NOSNIFF = (b"x-content-type-options", b"nosniff")
JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")

_STATUS: tuple[tuple[type[errors.HustingsError], int], ...] = (
    (errors.Invalid, 400),
    (errors.Unauthorized, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
)
_encode = msgspec.json.Encoder().encode


class TooLarge(errors.Invalid):
    """A request body above what its kind allows."""

    code = "too_large"


class TooSlow(errors.Invalid):
    """A request body that did not come."""

    code = "too_slow"

    def __init__(self) -> None:
        super().__init__("What was to be sent did not arrive in time. Try again.")


class WrongMethod(errors.Invalid):
    """A path that exists, asked in a way it does not answer."""

    code = "wrong_method"

    def __init__(self, *methods: str) -> None:
        super().__init__(f"This address answers {' and '.join(methods)} only.")
        self.methods = methods


async def answer(send: Send, scope: Scope, status: int, headers: Headers, body: bytes = b"") -> None:
    """A whole answer; its body is left out for HEAD, its length is not."""
    told = [*headers]
    if status not in (204, 304):  # RFC 9110 8.6
        told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def answer_json(
    send: Send, scope: Scope, value: object, *, status: int = 200, headers: Headers = (NEVER,)
) -> None:
    await answer(send, scope, status, (JSON, NOSNIFF, ANY_ORIGIN, *headers), _encode(value))


async def answer_error(send: Send, scope: Scope, error: errors.HustingsError) -> None:
    """A sentence for a person, a word for a program, and when to come back."""
    headers = [NEVER]
    if isinstance(error, errors.TooMany | errors.Unavailable):
        headers.append((b"retry-after", str(max(1, math.ceil(error.retry_after))).encode()))
    if isinstance(error, WrongMethod):
        headers.append((b"allow", ", ".join(error.methods).encode()))
    told = {"error": str(error), "code": error.code}
    await answer_json(send, scope, told, status=status_of(error), headers=headers)


def status_of(error: errors.HustingsError) -> int:
    if isinstance(error, TooLarge):
        return 413
    if isinstance(error, TooSlow):
        return 408
    if isinstance(error, WrongMethod):
        return 405
    return next((status for family, status in _STATUS if isinstance(error, family)), 500)


def header(scope: Scope, name: bytes) -> str:
    """A request header by its lower-case name; empty if absent."""
    return next((bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name), "")


def require(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        raise WrongMethod(*methods)
