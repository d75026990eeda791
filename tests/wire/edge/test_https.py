"""With a certificate the front door speaks HTTPS, and HTTP/2 to those who ask for it."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
from starlette.responses import PlainTextResponse
from tests.support.asgi import free_port, listening
from tests.support.certificates import certificate

from hustings.base.serving import Certificate, serve_http


async def app(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse(scope["scheme"])(scope, receive, send)


async def test_https_and_http2_are_spoken(tmp_path: Path) -> None:
    port, files = free_port(), certificate(tmp_path, "127.0.0.1")
    serving = asyncio.create_task(serve_http(app, "127.0.0.1", port, Certificate(files.file, files.key)))
    await listening(port)
    trusting = ssl.create_default_context(cafile=str(files.file))
    async with httpx.AsyncClient(verify=trusting) as client:
        assert (await client.get(f"https://127.0.0.1:{port}/")).text == "https"
    trusting.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
