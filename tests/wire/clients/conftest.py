"""A tiny WHIP server and an HTTP client for the clients' tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from tests.support.asgi import serving
from tests.support.tiny_whip import TinyWhip


@pytest.fixture
async def whip() -> AsyncIterator[TinyWhip]:
    server = TinyWhip()
    async with AsyncExitStack() as stack:
        server.base = await stack.enter_async_context(serving(server.application))
        stack.push_async_callback(server.stop)
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        yield client
