"""Any ASGI application on a loopback port of its own, in the test's loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

Application = Callable[..., Awaitable[Any]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(application: Application, *, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """The application's base URL, from when it answers until it has stopped."""
    port = port or free_port()
    server = Server(application, host, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    task = asyncio.create_task(server.serve())
    try:
        await listening(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await task


async def listening(port: int, *, within: float = 10.0) -> None:
    """Until something on loopback answers there."""
    async with asyncio.timeout(within):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0)
                continue
            writer.close()
            await writer.wait_closed()
            return
