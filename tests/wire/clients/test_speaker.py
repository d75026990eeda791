import asyncio
import itertools
from pathlib import Path
from typing import cast

import httpx
import numpy as np
import pytest
from aioice import stun
from starlette.responses import JSONResponse
from tests.support.settling import until
from tests.support.tiny_whip import TinyWhip

from hustings.base.clock import SystemClock
from hustings.base.errors import Forbidden
from hustings.clients.addresses import space_address
from hustings.clients.errors import ServerAway
from hustings.clients.peer import SpeakingPeer
from hustings.clients.speaker import Speaker, SpeakerProgress, SpeakerState
from hustings.clients.voice import Voice

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000 * 2) / 48_000)).astype(np.float32)


class Told(list[SpeakerProgress]):
    """Keeps what a speaker tells, and lets a test wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def __call__(self, progress: SpeakerProgress) -> None:
        self.append(progress)
        self._more.set()

    async def until(self, state: SpeakerState, connections: int) -> None:
        async with asyncio.timeout(20):
            while not any(p.state is state and p.connections == connections for p in self):
                self._more.clear()
                await self._more.wait()


def speaker(http: httpx.AsyncClient, base: str, voice: Voice, **more: object) -> Speaker:
    options: dict[str, object] = {"token": "seat.good", **more}
    return Speaker(http, SystemClock(), address=space_address(f"{base}/spaces/abc"), voice=voice, **options)  # type: ignore[arg-type]


async def test_what_is_said_is_heard_and_the_session_is_deleted(whip: TinyWhip, http: httpx.AsyncClient) -> None:
    progress = await speaker(http, whip.base, Voice(TONE)).run()

    heard = np.concatenate(whip.heard[0]) / 32767
    spectrum = np.abs(np.fft.rfft(heard[48_000:72_000]))
    assert progress.state is SpeakerState.DONE
    assert progress.packets_sent >= 95
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=4)
    assert np.sqrt(np.mean(heard[48_000:72_000] ** 2)) == pytest.approx(0.212, abs=0.02)
    assert whip.deleted == ["1"]


async def test_a_speaker_comes_back_within_seconds_when_the_stage_is_killed(
    whip: TinyWhip, http: httpx.AsyncClient
) -> None:
    told = Told()
    running = asyncio.create_task(speaker(http, whip.base, Voice(TONE, loop=True), told=told).run())
    await told.until(SpeakerState.SPEAKING, 1)

    started = asyncio.get_running_loop().time()
    await whip.vanish()
    await told.until(SpeakerState.SPEAKING, 2)

    assert asyncio.get_running_loop().time() - started < 6
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert whip.deleted == ["2"]  # the lost one is taken over


async def test_a_speaker_comes_back_when_the_server_closes_the_connection(
    whip: TinyWhip, http: httpx.AsyncClient
) -> None:
    told = Told()
    running = asyncio.create_task(speaker(http, whip.base, Voice(TONE, loop=True), told=told).run())
    await told.until(SpeakerState.SPEAKING, 1)

    await whip.peers[0].close()

    await told.until(SpeakerState.SPEAKING, 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Relays(asyncio.DatagramProtocol):
    """A relay that gives nobody a path."""

    def __init__(self) -> None:
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        asked = stun.parse_message(data)
        refusal = stun.Message(asked.message_method, stun.Class.ERROR, asked.transaction_id)
        refusal.attributes["ERROR-CODE"] = (486, "Allocation Quota Reached")
        self._transport.sendto(bytes(refusal), addr)


async def test_a_relay_that_the_answer_names_is_asked_for_with_the_next_offer(
    whip: TinyWhip, http: httpx.AsyncClient
) -> None:
    told, loop = Told(), asyncio.get_running_loop()
    transport, relay = await loop.create_datagram_endpoint(Relays, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    whip.links = f'<turn:127.0.0.1:{port}>; rel="ice-server"; username="ann"; credential="north"'
    running = asyncio.create_task(speaker(http, whip.base, Voice(TONE, loop=True), told=told).run())
    await told.until(SpeakerState.SPEAKING, 1)
    assert not relay.asked

    await whip.peers[0].close()

    await told.until(SpeakerState.SPEAKING, 2)
    assert relay.asked
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    transport.close()


async def test_a_refused_token_ends_it_with_the_servers_own_sentence(whip: TinyWhip, http: httpx.AsyncClient) -> None:
    with pytest.raises(Forbidden, match="given to somebody else"):
        await speaker(http, whip.base, Voice(TONE), token="seat.bad").run()


async def test_a_busy_server_is_asked_again_when_it_says(whip: TinyWhip, http: httpx.AsyncClient) -> None:
    whip.answers = [JSONResponse({"error": "One moment."}, 503, {"Retry-After": "0.2"})]

    progress = await speaker(http, whip.base, Voice(TONE), insist=True).run()

    assert (progress.state, whip.posts) == (SpeakerState.DONE, 2)


async def test_a_server_never_reached_is_said_at_once(http: httpx.AsyncClient) -> None:
    with pytest.raises(ServerAway, match="does not answer"):
        await speaker(http, "http://127.0.0.1:9", Voice(TONE)).run()


@pytest.mark.parametrize("turns", range(1, 12))
async def test_an_offer_given_up_half_way_leaves_no_socket_open(turns: int) -> None:
    passed = itertools.count()
    open_before = sockets()
    peer = SpeakingPeer(Voice(TONE), SystemClock())
    offering = asyncio.create_task(peer.offer())
    await until(lambda: next(passed) == turns)

    offering.cancel()
    await asyncio.gather(offering, return_exceptions=True)
    await peer.close()

    await until(lambda: sockets() == open_before)


def sockets() -> int:
    """How many this process holds."""
    return sum(link.is_socket() for link in Path("/proc/self/fd").iterdir())
