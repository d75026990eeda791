"""The front door: paths to handlers, errors to answers. A bare ASGI callable, since a part is asked for millions
of times and a framework costs five times the work.

Never reaches what lies under /internal, except the public files of a recording and, for other edges, edge/cluster.py.
"""

import re

from hustings.base.errors import HustingsError, NotFound
from hustings.edge import answers
from hustings.edge.answers import Receive, Request, Scope, Send
from hustings.edge.bodies import ClientLeft
from hustings.edge.cluster import ClusterDoor
from hustings.edge.listening import ListeningPlane
from hustings.edge.pages import Site
from hustings.edge.plans import AccountBook
from hustings.edge.proxy import Upstream

_PREFLIGHT = (
    answers.ANY_ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type, range"),
    (b"access-control-max-age", b"86400"),
)
_RECORDED = re.compile(r"init\.mp4|seg-\d{1,9}(?:-\d)?\.m4s|replay\.(?:m3u8|m4a|flac)")
_PLAYLISTS = {"ll.m3u8": True, "plain.m3u8": False}


class FrontDoor:
    """Serves what listeners need from memory and hands everything else to its upstream."""

    def __init__(
        self,
        *,
        listening: ListeningPlane,
        accounts: AccountBook,
        site: Site,
        api: Upstream,
        uploads: Upstream,
        whip: Upstream,
        desk: Upstream,
        commands: Upstream,
        replay: Upstream,
        cluster: ClusterDoor,
        trusted: frozenset[str] = frozenset(),
    ) -> None:
        self._listening, self._accounts = listening, accounts
        self._site = site
        self._api, self._uploads, self._whip, self._replay = api, uploads, whip, replay
        self._desk, self._commands = desk, commands
        self._cluster = cluster
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            await self._route(Request(scope, receive, send))
        except ClientLeft:
            return
        except HustingsError as error:
            await answers.answer_error(send, scope, error)

    async def _route(self, request: Request) -> None:
        scope, _, send = request
        path: str = scope["path"]
        segments = path.split("/")
        if len(segments) == 6 and segments[3] == "media" and segments[1] == "spaces" and scope["method"] == "GET":
            await self._listening.media(segments[2], segments[4], segments[5], request)  # by far the most asked
            return
        if len(segments) < 2 or ".." in segments or "." in segments:
            raise NotFound("There is nothing at this address.")
        if segments[1] == "spaces" and len(segments) > 3 and segments[3] != "stage":
            await self._space(segments[2], segments[3:], request)
        elif segments[1] == "api":
            await self._pass_on(self._upstream(segments), request)
        elif segments[1] == "internal":
            await self._cluster.pass_on(request, self._trusted)
        elif path == "/healthz":
            await answers.answer(send, scope, 200, (answers.TEXT, answers.NEVER), b"ok")
        else:
            await self._site.serve(scope, send, there=await self._is_there(segments[1:]))

    async def _is_there(self, segments: list[str]) -> bool:
        """Whether what a page would be about exists."""
        match segments:
            case ["spaces", space] | ["spaces", space, "stage"]:
                return await self._listening.has(space)
            case [name] if name.startswith("@"):
                return await self._accounts.has(name[1:].lower())
            case _:
                return True

    async def _space(self, space: str, rest: list[str], request: Request) -> None:
        if request.scope["method"] == "OPTIONS":
            await answers.answer(request.send, request.scope, 204, _PREFLIGHT)
            return
        listening = self._listening
        match rest:
            case ["media", rendition, name]:
                await listening.media(space, rendition, name, request)
            case ["live", rendition, ("ll.m3u8" | "plain.m3u8") as form]:
                await listening.media_playlist(space, rendition, request, low_latency=_PLAYLISTS[form])
            case ["live.json"]:
                await listening.live_json(space, request)
            case ["live.m3u8"]:
                await listening.multivariant(space, request)
            case ["beacon"]:
                await listening.beacon(space, request)
            case ["calendar.ics"]:
                await self._pass_on(self._api, request)
            case ["replay", name] | [name]:
                await self._recording(space, name, request)
            case _:
                raise NotFound("There is nothing at this address.")

    async def _recording(self, space: str, name: str, request: Request) -> None:
        answers.require(request.scope, "GET", "HEAD")
        if not _RECORDED.fullmatch(name) or not space.isascii() or not space.replace("-", "").isalnum():
            raise NotFound("There is nothing at this address.")
        path = f"/internal/recordings/{space}/{name}".encode()
        await self._replay.forward(path, request, self._trusted)

    def _upstream(self, segments: list[str]) -> Upstream:
        match segments[2:]:
            case ["v1", "spaces", _, "whip", *_]:
                return self._whip
            case ["v1", "spaces", _, "desk"]:
                return self._desk
            case ["v1", "spaces", _, "desk", _]:
                return self._commands
            case ["v1", "spaces", _, "preshow"]:
                return self._uploads
            case _:
                return self._api

    async def _pass_on(self, upstream: Upstream, request: Request) -> None:
        path = bytes(request.scope["raw_path"])
        if query := bytes(request.scope["query_string"]):
            path = path.split(b"?")[0] + b"?" + query
        await upstream.forward(path, request, self._trusted)
