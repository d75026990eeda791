"""What a full stage costs beside Janus: CPU of the server's process while 13 talk, and what one of them hears.

Run from the repository: `.venv/bin/python -m bench.cost [--quick] [--json]`. The same 13 WebRTC clients in alternate
runs, 64 kbit/s each way; both servers encode mono VOIP at 64 kbit/s and complexity 5, with the system's libopus where
it has one. Ours rides gains and limits in every figure. Mixing is compared without judging the voices' health, which
Janus does not do and which is told beside it; on air, with health, it makes renditions and records too.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import msgspec
import numpy as np
from tests.support.asgi import free_port, listening
from tests.support.hearing import RATE, Samples, Score, score_utterances, utterances
from tests.support.lean_speakers import LeanSpeaker, decoded, encoded
from tests.support.peers import has_janus, janus

from bench.edge import cpu_seconds
from hustings.base.clock import SystemClock
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import Person, Role, Seat, SpacePlan, SpaceState

SEATS = 13
BITRATE, COMPLEXITY = 64_000, 5
ROUNDS, WINDOW = 5, 10.0  # seconds
SETTLING = 4.0  # seconds after the last has joined
STEADY = 12.0  # seconds after it: the delay that thirteen arrivals made has come down, and what is heard is kept
SPACE, KEY = "bench", "k" * 64
PAUSE = np.zeros(RATE // 2, np.float32)
ROOM_NOISE = 0.0001  # of full scale: who listens in a quiet room
SEATED = tuple(Seat(f"seat{n}", f"Seat {n}", Role.SPEAKER, on_air=True) for n in range(SEATS))


def backstage() -> SpacePlan:
    """Everybody hears everybody; there is no programme."""
    return SpacePlan(SPACE, 1, "Bench", SpaceState.SCHEDULED, Person("Ada"), seats=SEATED)


def on_air() -> SpacePlan:
    """The same with renditions and the recording."""
    return msgspec.structs.replace(backstage(), state=SpaceState.LIVE, doors_at=SystemClock().now(), record=True)


@dataclass(frozen=True)
class Server:
    """A running server: its process, and how it answers the next client."""

    pid: int
    seat: Callable[[LeanSpeaker], Awaitable[None]]


@asynccontextmanager
async def bridge() -> AsyncIterator[Server]:
    """Janus with a room of its AudioBridge."""
    async with janus() as server:
        await server.open_room()

        async def seat(speaker: LeanSpeaker) -> None:
            await speaker.take(await server.seat(await speaker.offer(), bitrate=BITRATE, complexity=COMPLEXITY))

        yield Server(server.pid, seat)


@asynccontextmanager
async def stage(make_plan: Callable[[], SpacePlan], role: str = "hustings.server.stage") -> AsyncIterator[Server]:
    """Our stage role alone, in a process of its own, with one Space. `role` is the module that runs it."""
    port, tokens = free_port(), SeatTokens(KEY)
    base = f"http://127.0.0.1:{port}"
    free = (seat.id for seat in SEATED)
    with tempfile.TemporaryDirectory() as data:
        settings = {
            "HUSTINGS_DATA": data, "HUSTINGS_STAGE_URL": base, "HUSTINGS_CONTROL_URL": "http://127.0.0.1:9",
            "HUSTINGS_CLUSTER_KEY": KEY,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            role,
            env=os.environ | settings,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await listening(port, within=60)
            async with httpx.AsyncClient(base_url=base) as http:
                key = {"Authorization": f"Bearer {KEY}"}
                told = await http.put(
                    f"/internal/spaces/{SPACE}", content=msgspec.json.encode(make_plan()), headers=key
                )
                told.raise_for_status()

                async def seat(speaker: LeanSpeaker) -> None:
                    token = tokens.issue(SeatClaim(SPACE, next(free), 0))
                    await speaker.join(http, f"/api/v1/spaces/{SPACE}/whip", token)

                yield Server(process.pid, seat)
        finally:
            process.terminate()
            await process.wait()


Starting = Callable[[], AbstractAsyncContextManager[Server]]
JANUS, MIXING, HEALTH, ON_AIR = "janus", "hustings, mixing", "hustings, health too", "hustings, on air"
SERVERS: dict[str, Starting] = {
    MIXING: partial(stage, backstage, "bench._unexamined"),
    HEALTH: partial(stage, backstage),
    ON_AIR: partial(stage, on_air),
}
if has_janus():
    SERVERS = {JANUS: bridge, **SERVERS}
COMPARED = (JANUS, MIXING)  # by ear too


@asynccontextmanager
async def seated(start: Starting, speakers: list[LeanSpeaker]) -> AsyncIterator[Server]:
    """A server of its own with all of them in it, settled."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(start())
        for speaker in speakers:
            stack.push_async_callback(speaker.close)
            await server.seat(speaker)
        await asyncio.sleep(SETTLING)
        assert all(speaker.connected for speaker in speakers)
        yield server


async def cost(start: Starting, packets: list[bytes], seconds: float) -> tuple[float, float]:
    """CPU seconds per second with everybody talking, and the share of the packets due to them that came back."""
    speakers = [LeanSpeaker(packets, first=number * len(packets) // SEATS) for number in range(SEATS)]
    async with seated(start, speakers) as server:
        before, received = cpu_seconds(server.pid), sum(speaker.received for speaker in speakers)
        begun = asyncio.get_running_loop().time()
        await asyncio.sleep(seconds)
        took = asyncio.get_running_loop().time() - begun
        used = cpu_seconds(server.pid) - before
        came = sum(speaker.received for speaker in speakers) - received
    return used / took, came * TICK / SAMPLE_RATE / SEATS / took


async def hear(start: Starting, said: list[Samples]) -> Score:
    """What one client hears of another while eleven hold their tongues in a quiet room."""
    microphone = np.concatenate([np.concatenate((sound, PAUSE)) for sound in said])
    noise = np.random.default_rng(1).normal(0, ROOM_NOISE, 10 * RATE).astype(np.float32)
    room = encoded(noise)
    ear = LeanSpeaker(room, keep=True)
    quiet = [LeanSpeaker(room, first=17 * number) for number in range(1, SEATS - 1)]
    async with seated(start, [ear, *quiet, LeanSpeaker(encoded(microphone))]):
        await asyncio.sleep(STEADY - SETTLING)
        ear.heard.clear()
        await asyncio.sleep(2 * len(microphone) / RATE)
    return await asyncio.to_thread(score_utterances, said, len(PAUSE), decoded(ear.heard))


async def measure(rounds: int, seconds: float, said: list[Samples]) -> dict[str, dict[str, float]]:
    packets = encoded(np.concatenate(said))
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        for name, start in SERVERS.items():
            costs[name].append(await cost(start, packets, seconds))
    found = {}
    for name, start in SERVERS.items():
        score = await hear(start, said) if name in COMPARED else None
        used = [each for each, _ in costs[name]]
        found[name] = {
            "cpu_seconds_per_second": round(statistics.median(used), 4),
            "lowest": round(min(used), 4),
            "highest": round(max(used), 4),
            "came_back": round(min(share for _, share in costs[name]), 3),
        } | ({"pesq": round(score.pesq, 2), "stoi": round(score.stoi, 3)} if score else {})
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="one round, fewer words")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        said = utterances(Path(folder))
    rounds = 1 if given.quick else ROUNDS
    found = asyncio.run(measure(rounds, WINDOW, said[-2:] if given.quick else said))
    if given.json:
        print(json.dumps(found))
        return
    if not has_janus():
        print("  janus is not installed here and is left out (Debian: apt-get install janus)")
    print(f"{SEATS} talking, {rounds} windows of {WINDOW:g} s in turn; median (lowest to highest)")
    for name, row in found.items():
        heard = f"  heard: PESQ-wb {row['pesq']:.2f}  STOI {row['stoi']:.3f}" if "pesq" in row else ""
        spread = f"({row['lowest']:.3f} to {row['highest']:.3f})"
        came = f"{row['came_back']:.0%} of the packets came back"
        print(f"  {name:20} {row['cpu_seconds_per_second']:.3f} CPU s/s {spread}, {came}{heard}")
    used = {name: row["cpu_seconds_per_second"] for name, row in found.items()}
    print(f"  judging {SEATS} voices' health: {used[HEALTH] - used[MIXING]:.3f} CPU s/s")
    if has_janus():
        print(f"  mixing alone, ours over theirs: {used[MIXING] / used[JANUS]:.2f}")


if __name__ == "__main__":
    main()
