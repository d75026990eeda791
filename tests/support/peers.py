"""Other servers' ears, for comparison: a stock aiortc connection, and Debian's Janus with its AudioBridge."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from tests.support.asgi import free_port, listening
from tests.support.hearing import Samples, read_wav
from tests.support.uplink import sound_of

JANUS_FOLDER = Path("/etc/janus")


class StockListener:
    """An unmodified aiortc receiver; what it decodes lies where its timestamps say."""

    def __init__(self) -> None:
        self._pc = RTCPeerConnection()
        self._pieces: list[tuple[int, Samples]] = []
        self._hearing: asyncio.Task[None] | None = None
        self._pc.on("track", self._begin)

    def _begin(self, track: MediaStreamTrack) -> None:
        self._hearing = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        async for piece in sound_of(track):
            self._pieces.append(piece)

    async def answer(self, offer: str) -> str:
        await self._pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        return self._pc.localDescription.sdp

    @property
    def sound(self) -> Samples:
        if not self._pieces:
            return np.zeros(0, np.float32)
        first = self._pieces[0][0]
        out = np.zeros(max(pts - first + len(piece) for pts, piece in self._pieces), np.float32)
        for pts, piece in self._pieces:
            out[pts - first : pts - first + len(piece)] = piece
        return out

    async def close(self) -> None:
        await self._pc.close()
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.wait([self._hearing])


class Janus:
    """One AudioBridge room that records its mix at 48 kHz; one talker in it is one talker's decoder."""

    def __init__(self, base: str, folder: Path, pid: int) -> None:
        self.pid = pid
        self._base = base
        self._folder = folder
        self._http = httpx.AsyncClient(timeout=40)
        self._handles: list[str] = []

    async def _ask(self, path: str, **words: Any) -> dict[str, Any]:
        answer = await self._http.post(self._base + path, json={"transaction": "t", **words})
        found: dict[str, Any] = answer.json()
        assert found["janus"] != "error", found
        return found

    async def answer(self, offer: str) -> str:
        """A new participant in a new room that records, on a network that loses packets."""
        session, handle = await self._attach()
        room = {"request": "create", "room": 1, "sampling_rate": 48_000, "audiolevel_event": False}
        recording = {"record": True, "record_file": str(self._folder / "mix.wav"), "default_expectedloss": 10}
        await self._ask(handle, janus="message", body=room | recording)
        return await self._join(session, handle, offer, {"bitrate": 64_000, "expected_loss": 10})

    async def open_room(self) -> None:
        """One that only mixes."""
        _, handle = await self._attach()
        room = {"request": "create", "room": 1, "sampling_rate": 48_000, "audiolevel_event": False}
        await self._ask(handle, janus="message", body=room)

    async def seat(self, offer: str, *, bitrate: int, complexity: int) -> str:
        """One more participant in the open room."""
        session, handle = await self._attach()
        return await self._join(session, handle, offer, {"bitrate": bitrate, "quality": complexity})

    async def _attach(self) -> tuple[str, str]:
        session = f"/janus/{(await self._ask('/janus', janus='create'))['data']['id']}"
        attached = await self._ask(session, janus="attach", plugin="janus.plugin.audiobridge")
        return session, f"{session}/{attached['data']['id']}"

    async def _join(self, session: str, handle: str, offer: str, encoding: dict[str, int]) -> str:
        joining = {"request": "join", "room": 1, "display": "speaker", **encoding}
        await self._ask(handle, janus="message", body=joining)
        await self._event(session)
        jsep = {"type": "offer", "sdp": offer}
        await self._ask(handle, janus="message", body={"request": "configure", "muted": False}, jsep=jsep)
        self._handles.append(handle)
        while True:
            event = await self._event(session)
            if "jsep" in event:
                return str(event["jsep"]["sdp"])

    async def _event(self, session: str) -> dict[str, Any]:
        """The next event; keep-alives of the held request are passed over."""
        while True:
            event: dict[str, Any] = (await self._http.get(self._base + session)).json()
            if event["janus"] != "keepalive":
                return event

    async def keep_alive(self) -> None:
        for handle in self._handles:
            await self._ask(handle.rpartition("/")[0], janus="keepalive")

    async def sound(self) -> Samples:
        """What the room has recorded; ends the recording, so that its file is whole."""
        for handle in self._handles:
            await self._ask(handle, janus="message", body={"request": "enable_recording", "room": 1, "record": False})
        found = sorted(self._folder.glob("mix*.wav*"))
        return read_wav(found[0]) if found else np.zeros(0, np.float32)

    async def close(self) -> None:
        await self._http.aclose()


def has_janus() -> bool:
    return shutil.which("janus") is not None


@asynccontextmanager
async def janus() -> AsyncIterator[Janus]:
    """A Janus of our own on loopback, with one plugin and one transport, gone at the end of the block."""
    port = free_port()
    folder = Path(tempfile.mkdtemp())
    (folder / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "indented"\n base_path = "/janus"\n http = true\n port = {port}\n ip = "127.0.0.1" }}\n'
    )
    (folder / "janus.plugin.audiobridge.jcfg").write_text("general: {}\n")
    (folder / "janus.jcfg").write_text(
        'general: { debug_level = 3 }\nmedia: { ipv6 = false }\nnat: { ice_ignore_list = "vmnet" }\n'
        'plugins: { disable = "libjanus_echotest.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_nosip.so,'
        "libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,"
        'libjanus_voicemail.so,libjanus_lua.so,libjanus_duktape.so" }\n'
        'transports: { disable = "libjanus_websockets.so,libjanus_pfunix.so,libjanus_mqtt.so,libjanus_nanomsg.so,'
        'libjanus_rabbitmq.so" }\nevents: { broadcast = false }\n'
    )
    process = await asyncio.create_subprocess_exec(
        "janus", "-F", str(folder), "-C", str(folder / "janus.jcfg"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    server = Janus(f"http://127.0.0.1:{port}", folder, process.pid)
    try:
        await listening(port)
        yield server
    finally:
        await server.close()
        process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)
