"""The stage's internal doors to the broadcast: the feed, and the recordings' files. For roles, never for the public.

The attack they stop: anybody who reaches the internal port. Every request needs the cluster's key, compared in
constant time; a file's name has one safe form, so no path leads out of a recording's folder.
"""

import asyncio
import hmac
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hustings.base.errors import HustingsError, NotFound, Unauthorized
from hustings.broadcast import manifest as manifests
from hustings.broadcast.download import disposition
from hustings.broadcast.feed import FeedHub, FeedReader
from hustings.broadcast.manifest import folder_of
from hustings.broadcast.replay_files import FLAC, M4A

SAFE_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,120}(\.[a-z0-9]{1,8}){1,2}")
MEDIA_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "audio/mp4",
    ".mp4": "audio/mp4",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".opus": "audio/ogg",
    ".aac": "audio/aac",
    ".json": "application/json",
}


def _check_key(request: Request, cluster_key: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {cluster_key}".encode()):
        raise Unauthorized("This address is for the other roles of this installation; it needs the cluster key.")


def recording_file(folder: Path, space: str, file: str) -> Path:
    """The path of one file of one recording; raises NotFound unless both names are safe and it is there."""
    path = folder_of(folder, space) / file
    if not SAFE_FILE.fullmatch(file) or path.suffix not in MEDIA_TYPES or not path.is_file():
        raise NotFound("There is no such file in this recording.")
    return path


async def _saved_as(path: Path) -> dict[str, str]:
    """The header under which a download of the whole conversation is saved: its title."""
    if path.name not in (M4A, FLAC):
        return {}
    manifest = await asyncio.to_thread(manifests.load, path.parent)
    return {"content-disposition": disposition(manifest.title if manifest else "", path.suffix)}


class FeedResponse(Response):
    """An endless body of frames. Granian's `send` does not fail once the reader is gone, so `receive` is watched."""

    media_type = "application/octet-stream"

    def __init__(self, hub: FeedHub) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = self._hub.subscribe()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        tasks = [
            asyncio.create_task(_pour(reader, send), name="feed"),
            asyncio.create_task(_until_gone(receive), name="feed reader gone"),
            asyncio.create_task(reader.lost.wait(), name="feed reader lost"),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.unsubscribe(reader)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(reader: FeedReader, send: Send) -> None:
    async for data in reader:
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _answer(error: HustingsError) -> JSONResponse:
    return JSONResponse(error.body, error.status, error.headers)


def broadcast_routes(hub: FeedHub, recordings: Path, cluster_key: str) -> list[Route]:
    """`GET /internal/feed` and `GET|HEAD /internal/recordings/{space}/{file}` with ranges."""

    async def feed(request: Request) -> Response:
        try:
            _check_key(request, cluster_key)
        except HustingsError as error:
            return _answer(error)
        return FeedResponse(hub)

    async def recording(request: Request) -> Response:
        try:
            _check_key(request, cluster_key)
            path = recording_file(recordings, request.path_params["space"], request.path_params["file"])
        except HustingsError as error:
            return _answer(error)
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=await _saved_as(path))

    return [
        Route("/internal/feed", feed, methods=["GET"]),
        Route("/internal/recordings/{space}/{file}", recording, methods=["GET", "HEAD"]),
    ]
