"""A server that looks like an installation in one named state: the built pages, fixed JSON, and a stream that runs.

It has no logic of the product: what the pages are shown is what a state of the gallery says.
"""

import json
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.support.tiny_whip import TinyWhip

from hustings.base.clock import SystemClock

SITE = Path(__file__).resolve().parents[3] / "src" / "hustings" / "edge" / "site"
SEGMENT = 3.84  # seconds
WINDOW = 6  # segments
DESK_PERIOD = 0.2  # seconds between two readings of the desk
CLOCK = SystemClock()
JSON = dict[str, Any]
_MOMENTS = ("live_at", "doors_at", "starts_at", "dumped_at")


@dataclass(frozen=True)
class State:
    """One named state of one page: where it is, what the server answers, what is pressed, and what must be seen.

    Answers are by "METHOD /path"; a (status, body) pair is an error, and a callable gets the moment.
    """

    path: str
    sees: str
    answers: dict[str, Any] = field(default_factory=dict)
    desk: JSON | None = None
    storage: dict[str, Any] = field(default_factory=dict)
    press: tuple[str, ...] = ()
    also: str = ""  # what must be seen besides
    slow: bool = False  # nothing is ever answered


NOWHERE = State("/", "")


def tone(folder: Path) -> Path:
    """Four minutes of a quiet tone as fragmented MP4 segments."""
    command = [
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=frequency=220:sample_rate=48000:duration=240",
        "-af", "volume=0.05", "-c:a", "aac", "-b:a", "64k", "-f", "hls", "-hls_time", str(SEGMENT),
        "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod", "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", str(folder / "seg-%d.m4s"), str(folder / "replay.m3u8"),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return folder


def _at(desk: JSON, now: float) -> JSON:
    """The desk with its times, written as distances from now, made absolute."""
    times = {key: now + desk[key] for key in _MOMENTS if desk.get(key) is not None}
    seats = [{**seat, "preflight": _checked(seat.get("preflight"), now)} for seat in desk["seats"]]
    hands = [{**hand, "asked_at": now + hand["asked_at"]} for hand in desk["hands"] or []]
    return {**desk, **times, "seats": seats, "hands": hands, "at": now}


def _checked(check: JSON | None, now: float) -> JSON | None:
    return check and {**check, "ends_at": now + check["ends_at"]}


async def _gone(request: Request) -> Response:
    """Answers when nobody waits for the answer any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response(status_code=204)


class Scenery:
    """The ASGI application; `state` is changed by the test between pages."""

    def __init__(self, media: Path) -> None:
        self.state = NOWHERE
        self._media = media
        self._began = time.time()
        self.whip = TinyWhip()
        self.calls: list[str] = []  # writes that were asked for
        self.application = Starlette(
            routes=[
                Route("/assets/{name:path}", self._asset),
                Route("/api/v1/spaces/{space}/desk", self._desk),
                *self.whip.application.routes,
                Route("/spaces/{space}/live.json", self._answer),
                Route("/spaces/{space}/live/{rendition}/ll.m3u8", self._live),
                Route("/spaces/{space}/{name}.m3u8", self._replay),
                Route("/spaces/{space}/replay/{name}", self._segment),
                Route("/spaces/{space}/beacon", lambda _: Response(status_code=204), methods=["POST"]),
                Route("/api/{path:path}", self._answer, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
                Route("/{path:path}", self._page),
            ]
        )

    async def _asset(self, request: Request) -> Response:
        return FileResponse(SITE / "assets" / request.path_params["name"])

    async def _page(self, request: Request) -> Response:
        parts = request.url.path.strip("/").split("/")
        listening = parts[0] == "spaces" and len(parts) == 2
        return FileResponse(SITE / ("listen.html" if listening else "app.html"))

    async def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            self.calls.append(f"{request.method} {request.url.path}")
        if self.state.slow:
            return await _gone(request)
        found = self.state.answers.get(f"{request.method} {request.url.path}")
        if callable(found):
            found = found(time.time())
        if found is None:
            return JSONResponse({"error": "This is not here, or not here any more.", "code": "not_found"}, 404)
        if isinstance(found, tuple):
            return JSONResponse(found[1], found[0])
        return JSONResponse(found)

    async def _desk(self, request: Request) -> Response:
        if self.state.desk is None:
            return await self._answer(request)
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        while self.state.desk is not None:
            yield f"data: {json.dumps(_at(self.state.desk, time.time()))}\n\n"
            await CLOCK.sleep_until(CLOCK.monotonic() + DESK_PERIOD)

    async def _live(self, _request: Request) -> Response:
        last = WINDOW + int((time.time() - self._began) / SEGMENT) % 50
        first = last - WINDOW
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        lines.append('#EXT-X-MAP:URI="../../replay/init.mp4"')
        for number in range(first, last):
            lines += [f"#EXTINF:{SEGMENT},", f"../../replay/seg-{number}.m4s"]
        return Response("\n".join(lines) + "\n", media_type="application/vnd.apple.mpegurl")

    async def _replay(self, _request: Request) -> Response:
        text = (self._media / "replay.m3u8").read_text()
        return Response(text.replace("seg-", "replay/seg-").replace("init.mp4", "replay/init.mp4"))

    async def _segment(self, request: Request) -> Response:
        return FileResponse(self._media / request.path_params["name"])
