"""A bound on what a request may send.

The attack: a body without end fills memory or disk. The key is the request; no length is believed, bytes are counted.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings.api.errors import answer

SMALL = 64 * 1024  # bytes: any JSON of ours, many times over
UPLOAD = 100 * 1024 * 1024 + SMALL  # bytes: 100 MB of music and the multipart around it
UPLOAD_PATH = "/preshow"


class _TooLarge(Exception):
    """Stays between `receive` and this middleware."""


class BodyLimit:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        left = UPLOAD if scope["path"].endswith(UPLOAD_PATH) else SMALL
        begun = False

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLarge
            return message

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, noting)
        except _TooLarge:
            if not begun:
                refusal = answer(400, "This is too large. Music may have 100 MB, anything else 64 KB.", "too_large")
                await refusal(scope, receive, send)
