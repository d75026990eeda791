"""A guest in a network of its own, which is taken away; and a stage behind NAT."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.support.needs import need_programs
from tests.support.networks import HALL, Namespace, hall_and_guest, plug, unplug
from tests.support.page_speaker import page_speaker
from tests.support.uplink import Ear, Stage, level, stage

from hustings.base.clock import SystemClock
from hustings.clients.addresses import space_address
from hustings.clients.peer import SpeakingPeer
from hustings.clients.speaker import Speaker
from hustings.clients.voice import Voice
from hustings.clients.whip import open_session
from hustings.stage.transport import MediaSettings

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.float32)
MOVED_WITHIN = 5.0  # s from the cut to the first sound in the other network
EVERYWHERE = "0.0.0.0"


@pytest.fixture
def networks() -> Iterator[tuple[Namespace, Namespace]]:
    with hall_and_guest() as both:
        yield both


def loud(ear: Ear) -> bool:
    """In the last tenth of a second."""
    return len(ear.blocks) > 5 and level(np.concatenate(ear.blocks[-5:])) > 0.1


async def heard(door: Stage) -> None:
    await door.connected("ann")
    await door.room.until(lambda: loud(door.ear("ann")))


async def moved(door: Stage, hall: Namespace, guest: Namespace) -> float:
    """Take the guest's network away and give it another: seconds from the cut until it is heard again."""
    before = door.ear("ann")
    cut = time.monotonic()
    unplug(guest, 1)
    plug(hall, guest, 2)
    await door.room.until(lambda: not loud(before))
    await heard(door)
    return time.monotonic() - cut


async def speak(base: str) -> None:
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        clock = SystemClock()
        address = space_address(f"{base}/spaces/town")
        await Speaker(http, clock, address=address, token="seat.ann", voice=Voice(TONE, loop=True)).run()


@asynccontextmanager
async def working(guest: Namespace, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    running = asyncio.create_task(guest.thread(work))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_speaker_who_moves_to_another_network_is_heard_again_within_five_seconds(
    networks: tuple[Namespace, Namespace],
) -> None:
    hall, guest = networks
    plug(hall, guest, 1)
    async with stage(host=EVERYWHERE) as door, working(guest, speak(seen_from(door, HALL))):
        await heard(door)
        assert await moved(door, hall, guest) < MOVED_WITHIN


def seen_from(door: Stage, address: str) -> str:
    return door.base.replace("127.0.0.1", address)


@pytest.mark.timeout(90)
async def test_a_browser_that_moves_to_another_network_is_heard_again_within_five_seconds(
    networks: tuple[Namespace, Namespace], tmp_path: Path
) -> None:
    hall, guest = networks
    plug(hall, guest, 1)
    async with (
        stage(host=EVERYWHERE) as door,
        page_speaker(guest, seen_from(door, HALL), "ann", TONE, tmp_path),
    ):
        await heard(door)
        assert await moved(door, hall, guest) < MOVED_WITHIN


PUBLIC, PRIVATE, PORTS = "203.0.113.7", "198.18.1.1", range(50_000, 50_020)


@pytest.fixture
def behind_nat(networks: tuple[Namespace, Namespace]) -> Iterator[Namespace]:
    """The guest's namespace: it reaches the hall by PUBLIC alone, which a router maps to PRIVATE one to one, of UDP
    only PORTS."""
    need_programs("iptables")
    hall, guest = networks
    router = Namespace()
    try:
        hall.connect(router, 1)
        hall.ip("route replace default via 198.18.1.2")
        router.connect(guest, 2)
        guest.ip("route replace default via 198.18.2.1")
        router.run("sysctl -w net.ipv4.ip_forward=1")
        mapped = f"iptables -t nat -A PREROUTING -d {PUBLIC} -j DNAT --to-destination {PRIVATE}"
        router.run(f"{mapped} -p tcp")
        router.run(f"{mapped} -p udp --dport {PORTS[0]}:{PORTS[-1]}")
        router.run("iptables -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT")
        router.run("iptables -P FORWARD DROP")
        yield guest
    finally:
        router.remove()


async def test_a_stage_behind_nat_is_reached_by_its_announced_address_and_ports(behind_nat: Namespace) -> None:
    async with (
        stage(MediaSettings(PUBLIC, PORTS), host=EVERYWHERE) as door,
        working(behind_nat, speak(seen_from(door, PUBLIC))),
    ):
        await heard(door)


@pytest.mark.parametrize(
    "media",
    [MediaSettings(), MediaSettings(PUBLIC, range(51_000, 51_020))],
    ids=["its own address", "ports that are not mapped"],
)
async def test_a_stage_behind_nat_that_announces_something_else_is_not_reached(
    behind_nat: Namespace, media: MediaSettings
) -> None:
    opened: list[str] = []
    async with (
        stage(media, host=EVERYWHERE, connect_within=1.0) as door,
        working(behind_nat, offer(seen_from(door, PUBLIC), opened)),
    ):
        await door.room.until(lambda: bool(opened) and door.sessions.find(opened[0]) is None)
        assert door.room.ears == {}


async def offer(base: str, opened: list[str]) -> None:
    """Open a session, say which, and try to connect."""
    peer = SpeakingPeer(Voice(TONE), SystemClock())
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            session = await open_session(http, f"{base}/api/v1/spaces/town/whip", "seat.ann", await peer.offer())
            opened.append(str(session.resource).rpartition("/")[2])
            await peer.answer(session.answer)
            await asyncio.Event().wait()
        finally:
            await peer.close()
