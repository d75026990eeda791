"""A small HLS origin: a tone in AAC parts, finished or live with blocking reload, with parts missing if told."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import av
import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hustings.base.clock import SystemClock

FRAMES = 9  # AAC frames in a part
PART = FRAMES * 1024 / 48_000  # seconds: 0.192
PARTS = 4  # in a segment


def tone(parts: int) -> np.ndarray:
    """440 Hz at 0.3 of full scale, as long as `parts` parts."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(parts * FRAMES * 1024) / 48_000)).astype(np.float32)


def make_parts(count: int) -> tuple[bytes, list[bytes]]:
    """An init segment and `count` parts of the tone."""
    written = _Pieces()
    options = {
        "movflags": "cmaf+empty_moov+default_base_moof",
        "frag_duration": str(round(PART * 1e6)),
        "flush_packets": "1",
    }
    with av.open(written, "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=48_000, layout="mono")
        stream.bit_rate = 96_000
        for start in range(0, count * FRAMES * 1024, 1024):
            frame = av.AudioFrame.from_ndarray(tone(count)[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    whole = bytes(written.data)
    starts = [at - 4 for at in _places(whole, b"moof")]
    ends = [*starts[1:], whole.rfind(b"mfra") - 4 if b"mfra" in whole else len(whole)]
    return whole[: starts[0]], [whole[start:end] for start, end in zip(starts, ends, strict=True)][:count]


def _places(whole: bytes, box: bytes) -> list[int]:
    found = []
    at = whole.find(box)
    while at >= 0:
        found.append(at)
        at = whole.find(box, at + 1)
    return found


class _Pieces:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


class TinyOrigin:
    """`begin` starts the live clock; part n is there PART * (n + 1) seconds later. Paths as in Hustings."""

    def __init__(self, count: int, missing: Sequence[int] = ()) -> None:
        self.init, self.parts = make_parts(count)
        self.missing = set(missing)
        self.frozen: int | None = None  # parts listed for ever, every reload answered at once
        self.playlists = 0
        self.clock = SystemClock()
        self.began = self.began_unix = 0.0
        self.application = Starlette(
            routes=[
                Route("/spaces/{space}/live.m3u8", self._multivariant),
                Route("/spaces/{space}/live/aac64/ll.m3u8", self._low_latency),
                Route("/spaces/{space}/live/aac64/plain.m3u8", self._plain),
                Route("/spaces/{space}/media/{name}", self._media),
            ]
        )

    def begin(self) -> None:
        self.began, self.began_unix = self.clock.monotonic(), self.clock.now()

    def _there(self) -> int:
        return min(len(self.parts), int((self.clock.monotonic() - self.began) / PART))

    def _multivariant(self, _: Request) -> Response:
        lines = ["#EXTM3U", '#EXT-X-STREAM-INF:BANDWIDTH=70000,CODECS="mp4a.40.2"', "live/aac64/ll.m3u8"]
        return PlainTextResponse("\n".join(lines))

    async def _low_latency(self, request: Request) -> Response:
        wanted = int(request.query_params.get("_HLS_msn", -1)) * PARTS + int(request.query_params.get("_HLS_part", 0))
        self.playlists += 1
        if 0 <= wanted < len(self.parts) and self.frozen is None:
            await self.clock.sleep_until(self.began + (wanted + 1) * PART + 0.01)
        there = self._there() if self.frozen is None else self.frozen
        lines = [f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * PART}"]
        for number in range(there):
            if number % PARTS == 0:
                date = datetime.fromtimestamp(self.began_unix + number * PART, UTC)
                lines.append(
                    f"#EXT-X-PROGRAM-DATE-TIME:{date.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
                )
            lines.append(f'#EXT-X-PART:DURATION={PART},URI="../../media/{number}.m4s"')
            if number % PARTS == PARTS - 1:
                lines += [f"#EXTINF:{PART * PARTS},", f"../../media/s{number // PARTS}.m4s"]
        return self._playlist(lines, ended=there == len(self.parts))

    def _plain(self, _: Request) -> Response:
        lines = []
        for number in range(len(self.parts)):
            lines += [f"#EXTINF:{PART},", f"../../media/{number}.m4s"]
        return self._playlist(lines, ended=True)

    def _playlist(self, lines: list[str], *, ended: bool) -> Response:
        head = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-TARGETDURATION:1", '#EXT-X-MAP:URI="../../media/init.mp4"']
        return PlainTextResponse("\n".join([*head, *lines, *["#EXT-X-ENDLIST"] * ended]))

    async def _media(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == "init.mp4":
            return Response(self.init)
        await asyncio.sleep(0)
        number = int(name.removesuffix(".m4s"))
        return PlainTextResponse("gone", 404) if number in self.missing else Response(self.parts[number])
