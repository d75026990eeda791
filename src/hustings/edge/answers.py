"""Whole HTTP answers over bare ASGI; what an error is as an answer, base/errors.py says."""

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

_encode = msgspec.json.Encoder().encode


class TooSlow(errors.Invalid):
    """A request body that did not come."""

    code = "too_slow"
    status = 408

    def __init__(self) -> None:
        super().__init__("What was to be sent did not arrive in time. Try again.")


class WrongMethod(errors.Invalid):
    """A path that exists, asked in a way it does not answer."""

    code = "wrong_method"
    status = 405

    def __init__(self, *methods: str) -> None:
        super().__init__(f"This address answers {' and '.join(methods)} only.")
        self._methods = methods

    @property
    def headers(self) -> dict[str, str]:
        return {"allow": ", ".join(self._methods)}


async def answer(send: Send, scope: Scope, status: int, headers: Headers, body: bytes = b"") -> None:
    """A whole answer; its body is left out for HEAD, its length is not."""
    told = [*headers]
    if status not in (204, 304):  # RFC 9110 8.6
        told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def opening(*headers: tuple[bytes, bytes]) -> Mapping[str, Any]:
    """The first message of every answer that succeeds with these headers, made once."""
    return {"type": "http.response.start", "status": 200, "headers": headers}


async def answer_at_once(send: Send, scope: Scope, opened: Mapping[str, Any], body: bytes) -> None:
    """A whole answer with as little work as there can be: the server counts its length."""
    if scope["method"] == "HEAD":
        await answer(send, scope, opened["status"], opened["headers"], body)
        return
    await send(opened)
    await send({"type": "http.response.body", "body": body})


async def answer_json(
    send: Send, scope: Scope, value: object, *, status: int = 200, headers: Headers = (NEVER,)
) -> None:
    await answer(send, scope, status, (JSON, NOSNIFF, ANY_ORIGIN, *headers), _encode(value))


async def answer_error(send: Send, scope: Scope, error: errors.HustingsError) -> None:
    """A sentence for a person, a word for a program, and when to come back."""
    headers = [(name.encode(), value.encode()) for name, value in error.headers.items()]
    await answer_json(send, scope, error.body, status=error.status, headers=(NEVER, *headers))


def header(scope: Scope, name: bytes) -> str:
    """A request header by its lower-case name; empty if absent."""
    return next((bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name), "")


def require(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        raise WrongMethod(*methods)
