"""How late the stage's ticks come on a machine that works: 13 seats live while an edge beside it serves 2,000.

Run from the repository: `.venv/bin/python -m bench.lateness [--quick] [--listeners N] [--seconds S] [--json]`. The
real server with its programme and recording; listeners are connections from processes of their own and from many
addresses of loopback, each waiting for every part in the playlist and fetching it. They yield to the server, as they
would by being elsewhere. A tick's lateness is counted from when it was due.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
from tests.support.hearing import voices
from tests.support.lean_speakers import LeanSpeaker, encoded
from tests.support.town import Town, free_port

from bench._limits import exit_code
from bench.edge import cpu_seconds
from bench.soak import SEATS, fill
from hustings.base.grid import PARTS_PER_SEGMENT, TICK_SECONDS

LISTENERS, PROCESSES = 2000, 4
ROLES = ("stage", "edge")
KEY = "k" * 64
LATE = 5.0  # ms at most, of 99 ticks in a hundred
RAMP = 10.0  # seconds in which the listeners come
WINDOW = 60.0  # seconds: what the stage remembers
HEAD = "\r\nHost: localhost\r\n\r\n"


class Listener:
    """One kept-alive connection from an address of its own, asking as a low-latency player does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.parts = 0

    @classmethod
    async def open(cls, port: int, number: int) -> "Listener":
        source = (f"127.1.{number // 200}.{number % 200 + 1}", 0)
        return cls(*await asyncio.open_connection("127.0.0.1", port, local_addr=source))

    async def _get(self, path: str) -> bytes:
        self._writer.write(f"GET {path} HTTP/1.1{HEAD}".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        return await self._reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))

    async def listen(self, base: str) -> None:
        """For ever: wait for the next part, fetch it."""
        where = ""
        while True:
            playlist = await self._get(f"{base}/ll.m3u8{where}")
            part = playlist[playlist.rindex(b"#EXT-X-PART:") :].split(b'URI="')[1].split(b'"')[0].decode()
            await self._get(str(httpx.URL(f"{base}/ll.m3u8").join(part)))
            self.parts += 1
            msn, after = divmod(int(part.rsplit("/p")[1].split("-")[0]) + 1, PARTS_PER_SEGMENT)
            where = f"?_HLS_msn={msn}&_HLS_part={after}&_HLS_skip=YES"


async def listen(port: int, space: str, first: int, count: int, seconds: float) -> tuple[int, int]:
    """What a process of listeners does; how many still listen at the end, and the parts they took after the ramp,
    whose end it prints.
    """
    listeners: list[Listener] = []
    tasks = []
    for number in range(count):
        listeners.append(await Listener.open(port, first + number))
        tasks.append(asyncio.create_task(listeners[-1].listen(f"/spaces/{space}/live/opus32")))
        await asyncio.sleep(RAMP / count)
    print("all there", flush=True)
    before = sum(listener.parts for listener in listeners)
    await asyncio.sleep(seconds)
    listening = sum(not task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return listening, sum(listener.parts for listener in listeners) - before


@asynccontextmanager
async def full_stage(town: Town, folder: Path) -> AsyncIterator[str]:
    """13 who talk on air; gives the Space."""
    packets = await asyncio.to_thread(encoded, np.concatenate(list(voices(folder).values())))
    space, tokens = await asyncio.to_thread(fill, town)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        for number, token in enumerate(tokens):
            speaker = LeanSpeaker(packets, first=number * len(packets) // SEATS)
            stack.push_async_callback(speaker.close)
            await speaker.join(http, f"{town.url}/api/v1/spaces/{space}/whip", token)
        yield space


async def listeners_of(town: Town, space: str, first: int, count: int, seconds: float) -> tuple[int, int]:
    """As `listen` says, in a process of its own."""
    words = [str(town.port), space, str(first), str(count), str(seconds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.lateness", "--listen", *words, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    listening, parts = json.loads(told.splitlines()[-1])
    return listening, parts


async def measure(town: Town, folder: Path, listeners: int, seconds: float) -> dict[str, float]:
    share = -(-listeners // PROCESSES)
    async with full_stage(town, folder) as space, httpx.AsyncClient() as http:
        pids = town.processes()
        before, begun = {role: cpu_seconds(pids[role]) for role in ROLES}, asyncio.get_running_loop().time()
        told = await asyncio.gather(
            *[listeners_of(town, space, first, share, seconds) for first in range(0, listeners, share)]
        )
        took = asyncio.get_running_loop().time() - begun
        spent = {f"{role}_cpu": round((cpu_seconds(pids[role]) - before[role]) / took, 3) for role in ROLES}
        url, key = town.environment["HUSTINGS_STAGE_URL"], {"Authorization": f"Bearer {KEY}"}
        ticks = (await http.get(f"{url}/internal/lateness", headers=key)).json()[-round(seconds / TICK_SECONDS) :]
    listening, parts = (sum(column) for column in zip(*told, strict=True))
    late = {f"late_p{part}_ms": round(1000 * float(np.percentile(ticks, part)), 2) for part in (50, 99, 100)}
    return {
        "listeners": listening,
        "parts_per_second": round(parts / seconds, 1),
        "ticks": len(ticks),
        **late,
        **spent,
    }


def show(found: dict[str, float]) -> None:
    print(
        f"{SEATS} talking on air, {found['listeners']} listeners, {found['parts_per_second']:g} parts a second\n"
        f"  {found['ticks']} ticks late by p50 {found['late_p50_ms']:.2f} ms, p99 {found['late_p99_ms']:.2f} ms, at "
        f"most {found['late_p100_ms']:.1f} ms; CPU s/s: stage {found['stage_cpu']:.2f}, edge {found['edge_cpu']:.2f}"
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="200 listeners, 15 s")
    arguments.add_argument("--listeners", type=int, default=LISTENERS)
    arguments.add_argument("--seconds", type=float, default=WINDOW)
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--listen", nargs=5, metavar="WORD", help="be a process of listeners")
    given = arguments.parse_args()
    if given.listen:
        os.nice(10)
        port, space, first, count, seconds = given.listen
        print(json.dumps(asyncio.run(listen(int(port), space, int(first), int(count), float(seconds)))))
        return 0
    listeners, seconds = (200, 15.0) if given.quick else (given.listeners, min(given.seconds, WINDOW))
    with tempfile.TemporaryDirectory() as name:
        settings = {"HUSTINGS_STAGE_URL": f"http://127.0.0.1:{free_port()}", "HUSTINGS_CLUSTER_KEY": KEY}
        town = Town(Path(name) / "town", environment=settings)
        town.start()
        try:
            town.account("meter", "owner")
            found = asyncio.run(measure(town, Path(name), listeners, seconds))
        finally:
            town.stop()
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    return exit_code(
        (f"{found['listeners']} of {listeners} listened to the end", found["listeners"] == listeners),
        (f"ticks late by {found['late_p99_ms']} ms (p99), at most {LATE}", found["late_p99_ms"] <= LATE),
    )


if __name__ == "__main__":
    sys.exit(main())
