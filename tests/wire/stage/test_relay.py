"""Speakers whose sound comes by Debian's coturn alone, set up as the guide says, opened by what the stage grants."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from aioice.turn import create_turn_endpoint
from aiortc import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy
from tests.support.browser_speaker import CONNECT, browser_speaker
from tests.support.needs import need_programs
from tests.support.relay import LOOPBACK, SECRET, Relay, coturn, own_address
from tests.support.uplink import Stage, StockSpeaker, level, stage

from hustings.clients.whip import IceServer, ice_servers
from hustings.stage.ice_servers import IceServers, credential
from hustings.stage.transport import MediaSettings

WAYS = ("udp", "tcp", "tls")
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000 * 20) / 48_000)).astype(np.float32)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    need_programs("turnserver")
    with coturn(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture
async def relayed(relay: Relay) -> AsyncIterator[Stage]:
    """A stage that names the relay."""
    servers = IceServers([relay.udp, relay.tcp, relay.tls], SECRET)
    async with stage(MediaSettings(announced=own_address()), servers) as running:
        yield running


async def granted(door: Stage, way: str) -> IceServer:
    """What the stage says of this way to the relay, as a client asks for it."""
    return (await ice_servers(door.http, door.whip, "seat.ann"))[WAYS.index(way)]


def only_by(server: IceServer) -> RTCConfiguration:
    servers = [RTCIceServer(server.url, server.username, server.credential)]
    return RTCConfiguration(servers, iceTransportPolicy=RTCIceTransportPolicy.RELAY)


def ways_out(sdp: str) -> set[str]:
    return {line.split(" typ ")[1].split()[0] for line in sdp.splitlines() if line.startswith("a=candidate")}


async def heard(door: Stage, seat: str) -> None:
    ear = await door.connected(seat)
    await door.room.until(lambda: len(ear.blocks) > 10 and level(np.concatenate(ear.blocks[-10:])) > 0.1)


@pytest.mark.parametrize("way", WAYS)
async def test_a_speaker_is_heard_by_the_relay_alone(
    relayed: Stage, relay: Relay, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate.file))
    speaker = StockSpeaker(relayed, "ann", TONE, only_by(await granted(relayed, way)))
    try:
        await speaker.connect()
        await heard(relayed, "ann")
    finally:
        await speaker.close()
    assert ways_out(speaker.pc.localDescription.sdp) == {"relay"}


async def test_a_browser_is_heard_by_the_relay_alone_by_every_way(relayed: Stage, tmp_path: Path) -> None:
    """The certificate is of our own making, so that Chromium is told to believe any."""
    by = {way: in_a_page(await granted(relayed, way)) for way in WAYS}
    trusting = ("--ignore-certificate-errors",)
    async with browser_speaker(relayed, "udp", TONE[:48_000], tmp_path, ice=by["udp"], more=trusting) as speaker:
        await heard(relayed, "udp")
        for way in ("tcp", "tls"):
            await speaker.page.evaluate(CONNECT, [relayed.whip, f"seat.{way}", by[way]])
            await heard(relayed, way)
            assert ways_out(await speaker.page.evaluate("window.peer.localDescription.sdp")) == {"relay"}


def in_a_page(server: IceServer) -> dict[str, object]:
    told = {"urls": server.url, "username": server.username, "credential": server.credential}
    return {"iceServers": [told], "iceTransportPolicy": "relay"}


@pytest.mark.parametrize(
    ("secret", "expires", "ways"),
    [(SECRET, 60, {"relay"}), (SECRET, -60, set()), ("another secret", 60, set())],
    ids=["good", "expired", "another secret"],
)
async def test_the_relay_opens_to_good_credentials_alone(
    relayed: Stage, relay: Relay, secret: str, expires: float, ways: set[str]
) -> None:
    made = credential(secret, "ann", time.time() + expires)
    speaker = StockSpeaker(relayed, "ann", ice=only_by(IceServer(relay.udp, made.username, made.password)))
    try:
        assert ways_out(await speaker.offer()) == ways
    finally:
        await speaker.close()


async def test_the_relay_reaches_the_stage_and_nothing_else(relay: Relay) -> None:
    """Whoever got a seat is not let into the network behind."""
    assert await sent_by(relay, relay.host) == "hello"
    assert "403" in await sent_by(relay, LOOPBACK)


class Outcome(asyncio.DatagramProtocol):
    """Either end: what came of it first."""

    def __init__(self) -> None:
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.outcome.set_result(data.decode())

    def error_received(self, exc: Exception) -> None:
        self.outcome.set_result(str(exc))

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()


async def sent_by(relay: Relay, host: str) -> str:
    """What arrives at a socket there when the relay is asked to pass something on, or what the relay says."""
    made = credential(SECRET, "ann", time.time() + 60)
    loop = asyncio.get_running_loop()
    receiver, there = await loop.create_datagram_endpoint(Outcome, local_addr=(host, 0))
    way, here = await create_turn_endpoint(Outcome, (relay.host, relay.port), made.username, made.password)
    try:
        way.sendto(b"hello", receiver.get_extra_info("sockname")[:2])
        done, _ = await asyncio.wait([there.outcome, here.outcome], return_when=asyncio.FIRST_COMPLETED, timeout=5)
        return done.pop().result()
    finally:
        way.close()
        await here.closed.wait()
        receiver.close()
