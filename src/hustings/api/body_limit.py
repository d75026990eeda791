"""A bound on what a request may send.

The attack: a body without end fills memory or disk. The key is the request; no length is believed, bytes are counted.
"""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings.api.errors import told
from hustings.base.errors import TooLarge
from hustings.base.sizes import DOCUMENT, UPLOAD, too_large

UPLOAD_PATH = "/preshow"


class BodyLimit:
    """Pure ASGI. Whatever the application makes of the broken body, the answer is ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = UPLOAD if scope["path"].endswith(UPLOAD_PATH) else DOCUMENT
        body = _Counted(receive, send, most)
        with suppress(TooLarge):
            await self._app(scope, body.receive, body.send)
        if body.left < 0 and not body.answered:
            await told(too_large(most))(scope, receive, send)


class _Counted:
    """One request: its body counted down, its answer withheld once that has run out."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._most, self.left = receive, send, most, most
        self.answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise too_large(self._most)
        return message

    async def send(self, message: Message) -> None:
        if self.left >= 0 or self.answered:
            self.answered = True
            await self._send(message)
