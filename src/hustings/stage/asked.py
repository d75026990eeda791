"""What a request to the stage brings along: the cluster's key, and a body that has an end.

The attack it stops: a body without one. It knows no routes and decides nothing about what was asked.
"""

import hmac
from typing import TypeVar

import msgspec
from starlette.requests import Request

from hustings.base.errors import HustingsError, Unauthorized
from hustings.base.sizes import too_large
from hustings.stage.problems import bearer_of

T = TypeVar("T")


class WrongKey(Unauthorized):
    """Only the other roles of this installation may ask."""

    code = "wrong_key"


class ClusterKey:
    """The secret all roles share."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def check(self, request: Request) -> None:
        """Raises WrongKey."""
        if not hmac.compare_digest(bearer_of(request).encode(), self._key):
            raise WrongKey("This address is for the other roles of the installation.")


async def body_of(request: Request, most: int) -> bytes:
    """Read up to `most` bytes; raises TooLarge with the first one more."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large(most)
    return bytes(body)


async def document_of(request: Request, kind: type[T], most: int, unreadable: HustingsError) -> T:
    """The body's JSON as `kind`; raises TooLarge, or `unreadable`."""
    body = await body_of(request, most)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise unreadable from error
