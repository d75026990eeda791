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
from tests.support.lean_speakers import LeanSpeaker, encoded
from tests.support.town import Town

SEATS = 13
LISTENERS = 20
EVERY = 10.0  # seconds between two looks
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


async def soak(town: Town, seconds: float, folder: Path) -> tuple[dict[str, list[Look]], int]:
    """What each process looked like, and how many speakers were still heard at the end."""
    said = np.concatenate(list(voices(folder).values()))
    packets = await asyncio.to_thread(encoded, said)
    space, tokens = await asyncio.to_thread(fill, town)
    speakers = [LeanSpeaker(packets, first=number * 97) for number in range(SEATS)]
    looks: dict[str, list[Look]] = {role: [] for role in ROLES}
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=200))
        )
        for speaker, token in zip(speakers, tokens, strict=True):
            stack.push_async_callback(speaker.close)
            await speaker.join(http, f"{town.url}/api/v1/spaces/{space}/whip", token)
        tasks = [asyncio.create_task(listen(http, f"{town.url}/spaces/{space}")) for _ in range(LISTENERS)]
        tasks.append(asyncio.create_task(read_desk(http, town, space, tokens[0])))
        clock = asyncio.get_running_loop()
        began = clock.time()
        while (at := clock.time() - began) < seconds:
            for task in tasks:
                if task.done():
                    task.result()
            for role, pid in town.processes().items():
                if role in looks:
                    looks[role].append(Look.at_process(pid, at))
            await asyncio.sleep(EVERY)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        heard = town.card(space)["speakers"]
    return looks, sum(seat["connected"] for seat in heard)


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
            looks, heard = asyncio.run(soak(town, given.minutes * 60, Path(name)))
        finally:
            town.stop()
    found = {role: summary(each) for role, each in looks.items()}
    if given.json:
        print(json.dumps({"minutes": given.minutes, "connected": heard, **found}))
    else:
        print(f"{given.minutes:g} min, {SEATS} talking, {LISTENERS} listeners; {heard} still connected at the end")
        for role, figures in found.items():
            print(
                f"  {role:8} {figures['settled_mb']:6.1f} MB -> {figures['last_mb']:6.1f} MB "
                f"(most {figures['most_mb']:.1f}, {figures['mb_per_hour']:+.2f} MB/h), files {figures['files']:+d}, "
                f"threads {figures['threads']:+d}, CPU {figures['cpu_seconds_per_second']:.3f} s/s"
            )
    sys.exit(heard != SEATS)


if __name__ == "__main__":
    main()
