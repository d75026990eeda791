"""A bound on what a request may send.

The attack: a body without end fills memory or disk. The key is the request; no length is believed, bytes are counted.
"""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hustings.api.errors import told
from hustings.api.uploads import LARGEST
from hustings.base.errors import TooLarge

SMALL = 64 * 1024  # bytes: any JSON of ours, many times over
UPLOAD = LARGEST + SMALL  # bytes: the music and the form around it
UPLOAD_PATH = "/preshow"
SENTENCE = "This is too large. Music may have 100 MB, anything else 64 KB."


class BodyLimit:
    """Pure ASGI. Whatever the application makes of the broken body, the answer is ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Counted(receive, send, UPLOAD if scope["path"].endswith(UPLOAD_PATH) else SMALL)
        with suppress(TooLarge):
            await self._app(scope, body.receive, body.send)
        if body.left < 0 and not body.answered:
            await told(TooLarge(SENTENCE))(scope, receive, send)


class _Counted:
    """One request: its body counted down, its answer withheld once that has run out."""

    def __init__(self, receive: Receive, send: Send, left: int) -> None:
        self._receive, self._send, self.left = receive, send, left
        self.answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge(SENTENCE)
        return message

    async def send(self, message: Message) -> None:
        if self.left >= 0 or self.answered:
            self.answered = True
            await self._send(message)
