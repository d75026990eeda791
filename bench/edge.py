"""What one edge process delivers: parts a second, what each costs, and how late 500 blocked reloads are answered.

`python -m bench.edge [--waiters N] [--seconds S]` prints one line of JSON per figure. The edge runs in a process of
its own with parts made of 8 KB, published every 0.96 s; this process asks. Plain HTTP/1.1 on loopback.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hustings.base.clock import SystemClock
from hustings.base.grid import PART_SECONDS
from hustings.base.serving import serve_http
from hustings.documents import feed
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.live import Spaces
from hustings.edge.role import EdgeRole

SPACE = "bench"
EPOCH = "e"
HEADERS = "Host: x\r\nAccept-Encoding: gzip\r\n\r\n"


def publish(spaces: Spaces, number: int) -> None:
    programme = feed.Programme.CONVERSATION
    spaces.take(feed.Part(SPACE, "aac64", EPOCH, number, programme, os.urandom(8 * 1024)))


async def run_edge(port: int) -> None:
    """Publish a part every 0.96 s and say when, in the monotonic clock both processes share."""
    clock = SystemClock()
    nobody = "http://127.0.0.1:9"
    role = EdgeRole(stage_url=nobody, control_url=nobody, cluster_key="k", clock=clock, site=None, max_waiting=10_000)
    role.spaces.take(feed.Plan(SpacePlan(SPACE, 1, "Bench", SpaceState.LIVE, Person("x"), doors_at=clock.now())))
    role.spaces.take(feed.Init(SPACE, "aac64", b"init"))
    for number in range(72):
        publish(role.spaces, number)
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_http(role.app, "127.0.0.1", port))
        start = clock.monotonic()
        for number in range(72, 10_000):
            await clock.sleep_until(start + (number - 71) * PART_SECONDS)
            at = clock.monotonic()
            publish(role.spaces, number)
            sys.stdout.write(f"{number} {at}\n")
            sys.stdout.flush()


class Connection:
    """One kept-alive connection, asking one thing after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def get(self, path: str) -> tuple[int, int]:
        """Status and length of the answer."""
        self._writer.write(f"GET {path} HTTP/1.1\r\n{HEADERS}".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head.split(b" ")[1]), length

    def close(self) -> None:
        self._writer.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def throughput(port: int, pid: int, path: str, seconds: float, connections: int) -> tuple[float, float]:
    """Answers a second, and the edge's CPU microseconds for each. The asker is often the slower one."""
    done = 0
    stop = time.monotonic() + seconds

    async def ask() -> None:
        nonlocal done
        connection = await Connection.open(port)
        while time.monotonic() < stop:
            status, _ = await connection.get(path)
            assert status == 200
            done += 1
        connection.close()

    before, begun = cpu_seconds(pid), time.monotonic()
    await asyncio.gather(*[ask() for _ in range(connections)])
    return done / (time.monotonic() - begun), (cpu_seconds(pid) - before) / done * 1e6


class Published:
    """When each part was published, as the edge says."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines
        self._more = asyncio.Condition()
        self.at: dict[int, float] = {}

    async def follow(self) -> None:
        while line := await self._lines.readline():
            number, at = line.split()
            async with self._more:
                self.at[int(number)] = float(at)
                self._more.notify_all()

    async def until(self, number: int) -> None:
        async with self._more:
            await self._more.wait_for(lambda: number in self.at)


async def lateness(port: int, waiters: int, parts: int, published: Published, pid: int) -> tuple[list[float], float]:
    """Seconds from a part's publication to each waiter's whole answer, and the edge's CPU seconds per second."""
    first = max(published.at) + 2
    answered: list[tuple[int, float]] = []

    async def wait_for_each() -> None:
        connection = await Connection.open(port)
        for number in range(first, first + parts):
            msn, part = divmod(number, 4)
            path = f"/spaces/{SPACE}/live/aac64/ll.m3u8?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES"
            status, _ = await connection.get(path)
            assert status == 200
            answered.append((number, time.monotonic()))
        connection.close()

    before, begun = cpu_seconds(pid), time.monotonic()
    tasks = [asyncio.create_task(wait_for_each()) for _ in range(waiters)]
    await published.until(first + parts - 1)
    await asyncio.gather(*tasks)
    cpu = (cpu_seconds(pid) - before) / (time.monotonic() - begun)
    return sorted(at - published.at[number] for number, at in answered), cpu


def share(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]


def say(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


async def measure(waiters: int, seconds: float) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    edge = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.edge", "--serve", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert edge.stdout is not None
    published = Published(edge.stdout)
    following = asyncio.create_task(published.follow())
    try:
        await published.until(72)
        for what, path in (("part", "media/aac64/p70-e.m4s"), ("playlist", "live/aac64/ll.m3u8")):
            rate, cost = await throughput(port, edge.pid, f"/spaces/{SPACE}/{path}", seconds, 64)
            say(figure=f"{what} requests", per_second=round(rate), edge_cpu_us=round(cost, 1))
        late, cpu = await lateness(port, waiters, max(3, round(seconds)), published, edge.pid)
        told = {
            name: round(1000 * share(late, part), 1) for name, part in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
        }
        say(
            figure="blocked reload lateness",
            waiters=waiters,
            answers=len(late),
            unit="ms",
            **told,
            edge_cpu=round(cpu, 3),
        )
    finally:
        edge.terminate()
        await edge.wait()
        await following


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", type=int, help="be the edge, on this port")
    options.add_argument("--waiters", type=int, default=500)
    options.add_argument("--seconds", type=float, default=5.0)
    chosen = options.parse_args()
    asyncio.run(run_edge(chosen.serve) if chosen.serve else measure(chosen.waiters, chosen.seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
