"""Whether a full stage grows: memory, files and threads of every process while 13 talk and some listen.

Run from the repository: `.venv/bin/python -m bench.soak [--minutes 120] [--json]`. The real server, 13 WebRTC
speakers from a process of their own, listeners who fetch every part, a desk that is read. The first tenth of the time
is left out of the slope: caches and pools fill in it.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from tests.support.hearing import voices
from tests.support.lean_speakers import encoded
from tests.support.town import Town

from bench._speakers import insist
from hustings.base.clock import SystemClock

SEATS = 13
LISTENERS = 20
EVERY = 10.0  # seconds between two looks
WHOLE = 0.99  # of the looks: with fewer, it was not thirteen that were measured
ROLES = ("stage", "edge", "control")


@dataclass(frozen=True)
class Look:
    """One process at one time; memory in MB, of its own pages."""

    at: float
    memory: float
    files: int
    threads: int
    cpu: float

    @classmethod
    def at_process(cls, pid: int, at: float) -> "Look":
        status = Path(f"/proc/{pid}/status").read_text()
        told = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        times = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        cpu = (int(times[11]) + int(times[12])) / 100
        return cls(at, int(told["RssAnon"].split()[0]) / 1024, files, int(told["Threads"]), cpu)


def fill(town: Town) -> tuple[str, list[str]]:
    """A live Space of 13 seats, all on air, and their tokens; the host's first."""
    space = str(town.api("POST", "/spaces", {"title": "A long evening"})["id"])
    tokens = [str(town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"])]
    for number in range(1, SEATS):
        invited = town.api("POST", f"/spaces/{space}/invitations", {"name": f"Guest {number}", "role": "speaker"})
        secret = invited["url"].rsplit("/", 1)[1]
        agreed = {"name": f"Guest {number}", "agree_recording": True}
        granted = town.api("POST", f"/invitations/{secret}/accept", agreed)
        town.api("POST", f"/spaces/{space}/seats/{granted['seat']}/air", {"on": True})
        tokens.append(str(granted["token"]))
    town.api("POST", f"/spaces/{space}/doors")
    town.api("POST", f"/spaces/{space}/live")
    return space, tokens


async def listen(http: httpx.AsyncClient, base: str) -> None:
    """Fetch each part of the low-latency form as it comes, as a player does."""
    playlist = f"{base}/live/aac64/ll.m3u8"
    seen: dict[str, None] = {}
    where = ""
    while True:
        text = (await http.get(playlist + where)).text
        parts = [line.split('URI="', 1)[1].split('"', 1)[0] for line in text.splitlines() if "EXT-X-PART:" in line]
        for part in parts[-3:]:
            if part not in seen:
                seen[part] = None
                await http.get(str(httpx.URL(playlist).join(part)))
        for old in list(seen)[:-100]:
            del seen[old]
        where = following(text)


def following(playlist: str) -> str:
    """The query that waits for the part after the newest one of a low-latency playlist."""
    lines = playlist.splitlines()
    first = next((int(line.split(":")[1]) for line in lines if line.startswith("#EXT-X-MEDIA-SEQUENCE")), 0)
    whole = sum(line.startswith("#EXTINF") for line in lines)
    last = max((number for number, line in enumerate(lines) if line.startswith("#EXTINF")), default=0)
    parts = sum(line.startswith("#EXT-X-PART:") for line in lines[last:])
    return f"?_HLS_msn={first + whole}&_HLS_part={parts}"


async def read_desk(http: httpx.AsyncClient, town: Town, space: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with http.stream("GET", f"{town.url}/api/v1/spaces/{space}/desk", headers=headers) as answer:
        async for _ in answer.aiter_raw():
            pass


async def soak(town: Town, seconds: float, folder: Path) -> tuple[dict[str, list[Look]], list[int]]:
    """What each process looked like, and how many speakers were connected, at each look."""
    said = np.concatenate(list(voices(folder).values()))
    packets = await asyncio.to_thread(encoded, said)
    space, tokens = await asyncio.to_thread(fill, town)
    looks: dict[str, list[Look]] = {role: [] for role in ROLES}
    connected: list[int] = []
    async with AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=200)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30, limits=limits))
        crowd = await stack.enter_async_context(asyncio.TaskGroup())
        whip, clock = f"{town.url}/api/v1/spaces/{space}/whip", SystemClock()
        turned = [packets[97 * seat :] + packets[: 97 * seat] for seat in range(SEATS)]  # no two say the same at once
        said_by = zip(tokens, turned, strict=True)
        tasks = [crowd.create_task(insist(http, clock, whip, token, own)) for token, own in said_by]
        tasks += [crowd.create_task(listen(http, f"{town.url}/spaces/{space}")) for _ in range(LISTENERS)]
        tasks.append(crowd.create_task(read_desk(http, town, space, tokens[0])))
        while await present(http, town, space) < SEATS:
            await clock.sleep_until(clock.monotonic() + 1)
        began = clock.monotonic()
        while (at := clock.monotonic() - began) < seconds:
            connected.append(await present(http, town, space))
            for role, pid in town.processes().items():
                if role in looks:
                    looks[role].append(Look.at_process(pid, at))
            await clock.sleep_until(clock.monotonic() + EVERY)
        for task in tasks:
            task.cancel()
    return looks, connected


async def present(http: httpx.AsyncClient, town: Town, space: str) -> int:
    card = (await http.get(f"{town.url}/spaces/{space}/live.json")).json()
    return sum(seat["connected"] for seat in card["speakers"])


def slope(looks: list[Look]) -> float:
    """MB per hour, by least squares, without the first tenth."""
    settled = looks[len(looks) // 10 :]
    if len(settled) < 2:
        return 0.0
    return float(np.polyfit([look.at / 3600 for look in settled], [look.memory for look in settled], 1)[0])


def summary(looks: list[Look]) -> dict[str, float]:
    settled, last = looks[len(looks) // 10], looks[-1]
    return {
        "settled_mb": round(settled.memory, 1),
        "last_mb": round(last.memory, 1),
        "most_mb": round(max(look.memory for look in looks), 1),
        "mb_per_hour": round(slope(looks), 2),
        "files": last.files - settled.files,
        "threads": last.threads - settled.threads,
        "cpu_seconds_per_second": round((last.cpu - settled.cpu) / max(last.at - settled.at, 1), 3),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=5.0)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        town = Town(Path(name) / "town")
        town.start()
        try:
            town.account("meter", "owner")
            looks, connected = asyncio.run(soak(town, given.minutes * 60, Path(name)))
        finally:
            town.stop()
    found = {role: summary(each) for role, each in looks.items()}
    whole = sum(count == SEATS for count in connected) / len(connected)
    if given.json:
        print(json.dumps({"minutes": given.minutes, "all_connected": round(whole, 3), **found}))
    else:
        print(f"{given.minutes:g} min, {SEATS} talking ({whole:.1%} of the time all of them), {LISTENERS} listeners")
        for role, figures in found.items():
            print(
                f"  {role:8} {figures['settled_mb']:6.1f} MB -> {figures['last_mb']:6.1f} MB "
                f"(most {figures['most_mb']:.1f}, {figures['mb_per_hour']:+.2f} MB/h), files {figures['files']:+d}, "
                f"threads {figures['threads']:+d}, CPU {figures['cpu_seconds_per_second']:.3f} s/s"
            )
    sys.exit(whole < WHOLE)


if __name__ == "__main__":
    main()
