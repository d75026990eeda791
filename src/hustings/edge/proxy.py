"""The way from the front door to control and stage: streamed both ways, each kind of request in its own pool.

The attack it stops: a flood of one kind (sign-ins, uploads, downloads) that takes every connection, so that
speakers cannot reach the stage. A full pool answers 503 at once; it never borrows from another. A body has a time
to arrive in, and takes a place of its pool only when it is there; an upload, too large for that, is given up when it
stalls. What of /internal is reachable, edge/app.py and edge/cluster.py say.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import structlog

from hustings.base import sizes
from hustings.base.errors import Unavailable
from hustings.edge import answers
from hustings.edge.answers import Scope, Send
from hustings.edge.bodies import Body, ClientLeft
from hustings.edge.forwarding import forwarded, passed_back, passed_on

log = structlog.get_logger(__name__)

STAGE_DOWN = "The stage is restarting. Your browser will try again by itself."
CONTROL_DOWN = "The control room is restarting. Your browser will try again by itself."
BUSY = "Too many people ask for this at once. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: how many at once, how many may queue and for how long, how large a body and how slow."""

    name: str
    at_once: int
    queue: int
    patience: float  # seconds in the queue
    body: int  # bytes
    arrives: float  # seconds within which the whole body must be there
    silence: float  # seconds without a byte from the role
    down: str
    streams: bool = False  # the body is passed on as it comes, not when it is whole


HELD = 64 * sizes.MEGA  # bytes of bodies that one pool holds while they arrive and wait for a place; above it, 503
API = Kind(
    "api", at_once=64, queue=256, patience=5.0, body=sizes.DOCUMENT, arrives=15.0, silence=30.0, down=CONTROL_DOWN
)
UPLOADS = Kind(
    "uploads",
    at_once=4,
    queue=8,
    patience=10.0,
    body=sizes.UPLOAD,
    arrives=900.0,  # at 1 Mbit/s
    silence=120.0,
    down=CONTROL_DOWN,
    streams=True,
)
WHIP = Kind(
    "whip", at_once=32, queue=128, patience=5.0, body=sizes.DOCUMENT, arrives=10.0, silence=15.0, down=STAGE_DOWN
)
DESK = Kind(
    "desk", at_once=256, queue=0, patience=0.0, body=sizes.NOTHING, arrives=5.0, silence=10.0, down=STAGE_DOWN
)
COMMANDS = Kind(
    "commands", at_once=32, queue=64, patience=2.0, body=4 * sizes.KILO, arrives=5.0, silence=10.0, down=STAGE_DOWN
)
REPLAY = Kind(
    "replay", at_once=128, queue=256, patience=5.0, body=sizes.NOTHING, arrives=5.0, silence=30.0, down=STAGE_DOWN
)
FEED = Kind("feed", at_once=64, queue=0, patience=0.0, body=sizes.NOTHING, arrives=5.0, silence=30.0, down=STAGE_DOWN)
COUNTS = Kind(
    "counts", at_once=16, queue=256, patience=2.0, body=sizes.COUNT, arrives=10.0, silence=10.0, down=STAGE_DOWN
)
QUESTIONS = Kind(
    "questions", at_once=16, queue=256, patience=2.0, body=sizes.NOTHING, arrives=5.0, silence=10.0, down=CONTROL_DOWN
)


def _forgetful_jar() -> CookieJar:
    """The attack it stops: httpx keeps the cookies of every answer and would sign the next visitor in with them."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class Upstream:
    """One pool to one role. `run` of the front door closes it."""

    def __init__(self, kind: Kind, url: str, *, authorization: str | None = None) -> None:
        self._kind = kind
        self._base = httpx.URL(url)
        self._authorization = authorization
        self._places = asyncio.Semaphore(kind.at_once)
        self._outage = _Outage(kind.name)
        self.held = 0
        self.queued = 0
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=kind.at_once, max_keepalive_connections=kind.at_once),
            timeout=httpx.Timeout(kind.silence, connect=2.0),
            trust_env=False,
            cookies=_forgetful_jar(),
        )
        for name in list(self._client.headers):  # httpx would ask for encodings the client never named
            del self._client.headers[name]

    async def close(self) -> None:
        await self._client.aclose()

    async def forward(self, path: bytes, asked: answers.Request, trusted: frozenset[str]) -> None:
        """Pass one request on and its answer back. `path` is raw, with its query.

        Raises Unavailable, TooLarge or TooSlow only before the answer has begun; later faults end the connection.
        """
        scope, receive, send = asked
        declared = answers.header(scope, b"content-length")
        if declared.isdecimal() and int(declared) > self._kind.body:
            raise sizes.too_large(self._kind.body)
        sends = bool(declared or answers.header(scope, b"transfer-encoding"))
        body = Body(receive, most=self._kind.body, within=self._kind.arrives, expected=sends)
        async with self._content(body) as content, self._place():
            exchange = _Exchange(self._kind, self._outage, scope, send)
            request = self._request(path, scope, content, trusted)
            await _unless_gone(exchange.run(self._client, request), body)

    def _request(
        self, path: bytes, scope: Scope, content: AsyncIterable[bytes] | bytes | None, trusted: frozenset[str]
    ) -> httpx.Request:
        headers = passed_on(scope) + forwarded(scope, trusted)
        if self._authorization is not None:
            headers = [(name, value) for name, value in headers if name != b"authorization"]
            headers.append((b"authorization", self._authorization.encode()))
        return self._client.build_request(
            scope["method"], self._base.copy_with(raw_path=path), headers=headers, content=content
        )

    @asynccontextmanager
    async def _content(self, body: Body) -> AsyncIterator[AsyncIterable[bytes] | bytes | None]:
        """The body whole, or as it comes where this kind streams. What is held of it is counted until the end."""
        if self._kind.streams or not body.expected:
            yield body.chunks() if body.expected else None
            return
        held = bytearray()
        try:
            async for data in body.chunks():
                if self.held + len(data) > HELD:
                    raise Unavailable(BUSY, retry_after=2)
                self.held += len(data)
                held += data
            yield bytes(held)
        finally:
            self.held -= len(held)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._places.locked():
            if self.queued >= self._kind.queue:
                raise Unavailable(BUSY, retry_after=2)
            self.queued += 1
            try:
                async with asyncio.timeout(self._kind.patience):
                    await self._places.acquire()
            except TimeoutError as error:
                raise Unavailable(BUSY, retry_after=2) from error
            finally:
                self.queued -= 1
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()


class _Outage:
    """Tells of a pool that fails once, however many pages ask meanwhile, until it answers again."""

    def __init__(self, pool: str) -> None:
        self._pool = pool
        self._told = False

    def failed(self, error: httpx.HTTPError, *, begun: bool) -> None:
        if not self._told:
            log.warning("upstream failed", pool=self._pool, kind=type(error).__name__, begun=begun)
        self._told = True

    def answered(self) -> None:
        self._told = False


class _Exchange:
    """One request to the other role and the way of its answer back."""

    def __init__(self, kind: Kind, outage: _Outage, scope: Scope, send: Send) -> None:
        self._kind = kind
        self._outage = outage
        self._scope = scope
        self._send = send
        self._begun = False

    async def run(self, client: httpx.AsyncClient, request: httpx.Request) -> None:
        try:
            response = await client.send(request, stream=True)
            self._outage.answered()
            try:
                await self._pass_back(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            self._outage.failed(error, begun=self._begun)
            if not self._begun:
                raise Unavailable(self._kind.down) from error
            raise ClientLeft("The answer broke off.") from error

    async def _pass_back(self, response: httpx.Response) -> None:
        headers = passed_back(response.headers.raw)
        await self._send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        self._begun = True
        if self._scope["method"] != "HEAD":
            async for data in response.aiter_raw():
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def _unless_gone(work: Coroutine[Any, Any, None], body: Body) -> None:
    """Do the work unless the client leaves first; whichever ends, the other is over too."""
    tasks = (asyncio.create_task(work), asyncio.create_task(body.gone()))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
