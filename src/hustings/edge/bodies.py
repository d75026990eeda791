"""A request's body on its way in: counted, timed, and read by nobody who has not asked for it.

The attack it stops: clients that announce a body and send none, or a byte a minute, and hold what waits for it.
"""

import asyncio
from collections.abc import AsyncIterator

from hustings.base.errors import HustingsError
from hustings.base.sizes import too_large
from hustings.edge.answers import Receive, TooSlow

STALLED = 15.0  # seconds without a byte after which a body is given up


class ClientLeft(HustingsError):
    """Nobody is there to be answered."""

    code = "client_left"


class Body:
    """At most `most` bytes within `within` seconds; afterwards, whether the client is still there."""

    def __init__(self, receive: Receive, *, most: int, within: float, expected: bool) -> None:
        self._receive = receive
        self._most = most
        self._within = within
        self.expected = expected
        self._ended = asyncio.Event()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises TooLarge, TooSlow, or ClientLeft when the client goes in the middle."""
        size, more = 0, True
        until = asyncio.get_running_loop().time() + self._within
        try:
            while more:
                data, more = await self._next(until)
                size += len(data)
                if size > self._most:
                    raise too_large(self._most)
                if data:
                    yield data
        finally:
            self._ended.set()

    async def whole(self) -> bytes:
        return b"".join([data async for data in self.chunks()])

    async def _next(self, until: float) -> tuple[bytes, bool]:
        stalled = asyncio.get_running_loop().time() + STALLED
        try:
            async with asyncio.timeout_at(min(until, stalled)):
                message = await self._receive()
        except TimeoutError as error:
            raise TooSlow from error
        if message["type"] == "http.disconnect":
            raise ClientLeft("The client left in the middle of its request.")
        return message.get("body", b""), message.get("more_body", False)

    async def gone(self) -> None:
        """Ends when the client has left. Reads nothing while the body is being read by `chunks`."""
        if self.expected:
            await self._ended.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
