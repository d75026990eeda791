"""One pool of the front door between a role that tells what it was asked and clients that behave badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hustings.base.errors import HustingsError
from hustings.edge.answers import Request as Asked
from hustings.edge.answers import answer_error
from hustings.edge.proxy import STAGE_DOWN, Kind, Upstream

SMALL = Kind("small", at_once=1, queue=1, patience=30.0, body=1000, arrives=30.0, silence=5.0, down=STAGE_DOWN)


class Role:
    """A role that says what it was asked, streams while a test lets it, and notices who leaves."""

    def __init__(self) -> None:
        self.running = 0
        self.go_on = asyncio.Event()
        self.body = b""
        self.app = Starlette(
            routes=[
                Route("/slow", self.slow),
                Route("/sink", self.sink, methods=["POST"]),
                Route("/sign-in", self.sign_in, methods=["POST"]),
                Route("/{rest:path}", self.echo, methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"]),
            ]
        )

    async def slow(self, request: Request) -> Response:
        return StreamingResponse(self._pour(), media_type="text/event-stream")

    async def _pour(self) -> AsyncIterator[bytes]:
        self.running += 1
        try:
            yield b"data: first\n\n"
            await self.go_on.wait()
            yield b"data: second\n\n"
        finally:
            self.running -= 1

    async def sink(self, request: Request) -> Response:
        async for chunk in request.stream():
            self.body += chunk
        return JSONResponse(
            {"got": len(self.body)}, 201, {"location": "/api/v1/x", "connection": "x-hop", "x-hop": "1"}
        )

    async def sign_in(self, request: Request) -> Response:
        answer = Response()
        answer.set_cookie("session", "ada")
        return answer

    async def echo(self, request: Request) -> Response:
        body = await request.body()
        return JSONResponse(
            {
                "path": request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode(),
                "method": request.method,
                "headers": dict(request.headers),
                "body": len(body),
            }
        )


class Door:
    """One pool as an ASGI application of its own."""

    def __init__(self, kind: Kind, url: str, trusted: frozenset[str] = frozenset()) -> None:
        self.upstream = Upstream(kind, url)
        self.trusted = trusted
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        self.asked += 1
        path = bytes(scope["raw_path"]) + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        try:
            await self.upstream.forward(path, Asked(scope, receive, send), self.trusted)
        except HustingsError as error:
            await answer_error(send, scope, error)


class Rig:
    def __init__(self, role: Role, door: Door, client: httpx.AsyncClient) -> None:
        self.role, self.door, self.client = role, door, client


class Named:
    """Answers with its own name and the path it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        told = {"role": self.name, "path": scope["path"], "authorization": headers.get("authorization")}
        await JSONResponse(told)(scope, receive, send)


class Idler:
    """A client over a bare socket that announces a body, sends some of it or nothing, and waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def status(self) -> int:
        """Of the answer, once there is one."""
        return int((await self._reader.readline()).split()[1])

    async def close(self) -> None:
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def idlers(
    url: str, path: str, count: int, sent: bytes = b"", *, length: int = 900
) -> AsyncIterator[list[Idler]]:
    place = httpx.URL(url)
    head = f"POST {path} HTTP/1.1\r\nhost: {place.host}\r\ncontent-length: {length}\r\n\r\n".encode()
    found = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection(place.host, place.port)
        writer.write(head + sent)
        found.append(Idler(reader, writer))
    try:
        yield found
    finally:
        await asyncio.gather(*(idler.close() for idler in found))
