"""A small WHIP server on stock aiortc, to hear what the speaker says and to fail when told to."""

import asyncio
from typing import cast

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hustings.base.clock import SystemClock


class _Silence(MediaStreamTrack):
    kind = "audio"
    position = 0

    async def recv(self) -> AudioFrame:
        clock = SystemClock()
        await clock.sleep_until(clock.monotonic() + 0.02)
        frame = AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, self.position
        self.position += 960
        return frame


class TinyWhip:
    """Takes speakers with the token "seat.good"; keeps what each session said."""

    def __init__(self) -> None:
        self.base = ""
        self.peers: list[RTCPeerConnection] = []
        self.heard: list[list[np.ndarray]] = []
        self.deleted: list[str] = []
        self.over = False  # sessions are ended already when somebody wants to end them
        self.answers: list[Response] = []  # given before any session is opened
        self.posts = 0
        self.links = ""  # told with each session
        self._listening: set[asyncio.Task[None]] = set()
        self.application = Starlette(
            routes=[
                Route("/api/v1/spaces/{space}/whip", self._post, methods=["POST"]),
                Route("/api/v1/spaces/{space}/whip/{session}", self._delete, methods=["DELETE"]),
            ]
        )

    async def _post(self, request: Request) -> Response:
        self.posts += 1
        if self.answers:
            return self.answers.pop(0)
        if request.headers.get("authorization") != "Bearer seat.good":
            return JSONResponse({"error": "This seat was given to somebody else.", "code": "taken"}, 403)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        said: list[np.ndarray] = []
        self.peers.append(peer)
        self.heard.append(said)
        peer.on("track", lambda track: self._listen(track, said))
        peer.addTrack(_Silence())
        await peer.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        location = f"{request.url.path}/{len(self.peers)}"
        told = {"Location": location} | ({"Link": self.links} if self.links else {})
        return Response(peer.localDescription.sdp, 201, told, "application/sdp")

    def _listen(self, track: MediaStreamTrack, said: list[np.ndarray]) -> None:
        self._listening.add(asyncio.ensure_future(self._keep(track, said)))

    async def _keep(self, track: MediaStreamTrack, said: list[np.ndarray]) -> None:
        try:
            while True:
                frame = cast(AudioFrame, await track.recv())
                said.append(frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0])
        except MediaStreamError:
            return

    async def _delete(self, request: Request) -> Response:
        self.deleted.append(request.path_params["session"])
        return Response(status_code=404 if self.over else 200)

    async def vanish(self) -> None:
        """Stop answering on the newest session's socket without a word, as a killed process does."""
        await self.peers[-1].getSenders()[0].transport.transport._connection.close()

    async def stop(self) -> None:
        for peer in self.peers:
            await peer.close()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
