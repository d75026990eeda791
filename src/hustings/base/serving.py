"""Runs an ASGI application on granian inside the caller's event loop, and ends it cleanly.

granian is the fastest ASGI server measured that still speaks HTTP/2; its embedded form shares the loop with the
mixer or the feed, so that no second process stands between them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

CONNECTIONS = 65_536  # granian admits this many at once; what is served of them is bounded by the application


class Certificate(NamedTuple):
    """PEM files: the certificate with its chain, and its key without a password."""

    chain: Path
    key: Path


def without_lifespan(app: AsgiApp) -> AsgiApp:
    """Answer the lifespan protocol here: what a role runs is started by its own task group."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return wrapped


async def serve_http(app: AsgiApp, host: str, port: int, certificate: Certificate | None = None) -> None:
    """Serve until cancelled; with a certificate over TLS 1.2 or newer, and HTTP/2 for clients that ask for it."""
    server = Server(
        without_lifespan(app),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        backlog=4096,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        log_enabled=False,
        ssl_cert=certificate and certificate.chain,
        ssl_key=certificate and certificate.key,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.stop()  # type: ignore[no-untyped-call]  # granian annotates no returns
        await serving
        raise
