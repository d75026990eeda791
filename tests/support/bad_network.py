"""A bad network between a WebRTC client and a server: a UDP relay that loses and delays media by a seeded plan.

It stands before SRTP: it sees sealed packets and needs no key. Handshakes pass, so that a run measures what is
said and not how it began. The answer's candidates are replaced by the relay's, the offer's are taken out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from aiortc import RTCSessionDescription
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving
from tests.support.browser import CHROMIUM, FLAGS
from tests.support.uplink import Stage, StockSpeaker

# One microphone into a connection to each door; the offer says what the stage's page says in it.
SPEAK = """
async (doors) => {
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1};
  const stream = await navigator.mediaDevices.getUserMedia({audio: raw});
  window.peers = [];
  for (const door of doors) {
    const peer = new RTCPeerConnection();
    window.peers.push(peer);
    peer.ontrack = ({track}) => Object.assign(new Audio(), {srcObject: new MediaStream([track])}).play();
    peer.addTransceiver(stream.getAudioTracks()[0].clone(), {direction: 'sendrecv'});
    const offer = await peer.createOffer();
    offer.sdp = offer.sdp.replace(/(a=rtpmap:(\\d+) opus.*\\r\\n)/, '$1a=rtcp-fb:$2 nack\\r\\n');
    await peer.setLocalDescription(offer);
    const answer = await fetch(door, {method: 'POST', body: peer.localDescription.sdp});
    await peer.setRemoteDescription({type: 'answer', sdp: await answer.text()});
    while (peer.connectionState !== 'connected') await new Promise((done) => setTimeout(done, 20));
  }
}
"""


Address = tuple[str, int]
Answering = Callable[[str], Awaitable[str]]  # an offer's answer


class Loss:
    """Says of each packet whether it is lost: `share` (0..1) at random, or in bursts of a mean length (Gilbert)."""

    def __init__(self, share: float, burst: float = 1.0, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._end = 1 / burst if burst > 1 else 1 - share
        self._begin = share * self._end / (1 - share) if share < 1 else 1.0
        self._bad = False

    def __call__(self) -> bool:
        drawn = self._rng.random()
        self._bad = drawn >= self._end if self._bad else drawn < self._begin
        return self._bad


class Detour:
    """Says of each packet when its copies arrive, in seconds from when it was sent.

    A `share` (0..1) of them `later` s than the others, so that those behind overtake them; a share said `twice`; and
    while `held` is above 0, a spike: each waits that much longer.
    """

    def __init__(self, share: float = 0.0, later: float = 0.0, twice: float = 0.0, seed: int = 1) -> None:
        self.held = 0.0
        self.overtaken = self.repeated = 0
        self._share, self._later, self._twice = share, later, twice
        self._rng = np.random.default_rng(seed)

    def __call__(self) -> list[float]:
        late, again = self._rng.random(2)
        self.overtaken += late < self._share
        self.repeated += again < self._twice
        delay = self.held + (self._later if late < self._share else 0.0)
        return [delay, delay + self._later] if again < self._twice else [delay]


@dataclass
class Way:
    """One direction."""

    lost: Callable[[], bool] = field(default_factory=lambda: Loss(0.0))
    detour: Detour = field(default_factory=Detour)
    passed: int = 0
    dropped: int = 0
    on_its_way: set[asyncio.TimerHandle] = field(default_factory=set)

    def carry(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Send it on, now or later, once or twice or never."""
        if not self.takes(data):
            return
        for delay in self.detour() if _is_media(data) else [0.0]:
            if delay:
                self._later(delay, data, send)
            else:
                send(data)

    def _later(self, delay: float, data: bytes, send: Callable[[bytes], None]) -> None:
        def arrive() -> None:
            self.on_its_way.discard(handle)
            send(data)

        handle = asyncio.get_running_loop().call_later(delay, arrive)
        self.on_its_way.add(handle)

    def close(self) -> None:
        for handle in self.on_its_way:
            handle.cancel()

    def takes(self, data: bytes) -> bool:
        """Media and its reports may be lost; ICE and DTLS (RFC 7983) are not."""
        if not _is_media(data):
            return True
        drop = self.lost()
        self.dropped += drop
        self.passed += not drop
        return not drop


def _is_media(data: bytes) -> bool:
    return len(data) > 0 and 128 <= data[0] < 192


@dataclass
class Relay(asyncio.DatagramProtocol):
    """One client's path to one server address."""

    server: Address
    up: Way
    down: Way
    client: Address | None = None
    _near: asyncio.DatagramTransport | None = None
    _far: asyncio.DatagramTransport | None = None
    address: Address = field(default=("", 0))

    @classmethod
    async def begin(cls, server: Address, up: Way, down: Way) -> "Relay":
        loop = asyncio.get_running_loop()
        relay = cls(server, up, down)
        near, _ = await loop.create_datagram_endpoint(lambda: relay, local_addr=(server[0], 0))
        far, _ = await loop.create_datagram_endpoint(lambda: _Far(relay), local_addr=(server[0], 0))
        relay._near, relay._far = near, far
        relay.address = near.get_extra_info("sockname")[:2]
        return relay

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.client = addr
        far = self._far
        if far is not None:
            self.up.carry(data, lambda carried: far.sendto(carried, self.server))

    def returned(self, data: bytes) -> None:
        near, client = self._near, self.client
        if near is not None and client is not None:
            self.down.carry(data, lambda carried: near.sendto(carried, client))

    def close(self) -> None:
        self.up.close()
        self.down.close()
        for transport in (self._near, self._far):
            if transport is not None:
                transport.close()


@dataclass
class _Far(asyncio.DatagramProtocol):
    relay: Relay

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.relay.returned(data)


def without_candidates(sdp: str) -> str:
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=candidate:"))


def server_address(answer: str) -> Address:
    """The answer's first IPv4 candidate."""
    for line in answer.splitlines():
        if line.startswith("a=candidate:"):
            parts = line.split()
            if parts[2].lower() == "udp" and ":" not in parts[4]:
                return parts[4], int(parts[5])
    raise AssertionError("the answer names no IPv4 address")


async def through(answer: str, up: Way, down: Way) -> tuple[str, Relay]:
    """The answer as the client is to see it, and the relay it leads to."""
    relay = await Relay.begin(server_address(answer), up, down)
    host, port = relay.address
    candidate = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
    lines = without_candidates(answer).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("m=audio")) + 2
    return "".join([*lines[:at], candidate, *lines[at:]]), relay


async def connect_through(speaker: StockSpeaker, up: Way, down: Way) -> Relay:
    """Connect a stock speaker by a relay alone."""
    response = await speaker.post(without_candidates(await speaker.offer()))
    assert response.status_code == 201, response.text
    answer, relay = await through(response.text, up, down)
    await speaker.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return relay


async def answer_of(stage: Stage, seat: str, offer: str) -> str:
    """What our stage's door answers."""
    headers = {"Authorization": f"Bearer seat.{seat}", "Content-Type": "application/sdp"}
    response = await stage.http.post(stage.whip, content=offer, headers=headers)
    assert response.status_code == 201, response.text
    return response.text


class BadNetwork:
    """A page for a browser, and a door to each server that leads through a relay of its own."""

    def __init__(self, servers: Mapping[str, Answering], loss: Callable[[int], Callable[[], bool]]) -> None:
        """`servers` answer offers; `loss` makes the plan of way 1 (up) and of way 2 (down), alike for each server."""
        self.servers = servers
        self.relays: dict[str, Relay] = {}
        self._loss = loss
        self.application = Starlette(
            routes=[Route("/", self._blank), Route("/{server}", self._post, methods=["POST"])]
        )

    async def _blank(self, _request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>A microphone</title>")

    async def _post(self, request: Request) -> Response:
        server = request.path_params["server"]
        answer = await self.servers[server](without_candidates((await request.body()).decode()))
        changed, self.relays[server] = await through(answer, Way(self._loss(1)), Way(self._loss(2)))
        return PlainTextResponse(changed)


@asynccontextmanager
async def speaking(network: BadNetwork, microphone: Path) -> AsyncIterator[Page]:
    """A Chromium whose microphone plays the file over and over, connected through the network to each server."""
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
    async with serving(network.application) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=flags)
        page = await browser.new_page()
        await page.goto(base)
        await page.evaluate(SPEAK, [f"{base}/{server}" for server in network.servers])
        yield page
        await browser.close()
        for relay in network.relays.values():
            relay.close()
