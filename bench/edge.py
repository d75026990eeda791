"""What a listener costs at the edge, beside nginx with the same bytes as files and beside Icecast, in one run.

Run from the repository: `.venv/bin/python -m bench.edge [--quick] [--json]`. The server has one core, the load
another, over loopback. What is judged is processor time, so that other work on the machine spoils little. The other
servers and the generator h2load come from Debian (nginx-light, icecast2, nghttp2-client); what is missing is left
out. Icecast is judged by AAC, the codec and bitrate of our plain form; in Ogg it writes once a second, in
AAC six times.
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench import _servers
from bench._edge_alone import EPOCH
from bench._limits import exit_code
from bench._load import Listener, Load, get
from bench._servers import A_PART, LOW_LATENCY, MEDIA, PLAIN, Published, Server
from hustings.base.grid import PART_SECONDS, PARTS_PER_SEGMENT, SEGMENT_SECONDS

LOADS_CORE = 1
PACE, ICECASTS_PACE = 1500.0, 250.0  # listeners that come in a second: Icecast's queue has five places
TMPFS = Path("/dev/shm")  # what nginx serves or keeps lies in memory, as the design has it
CONNECTIONS = 64  # of a generator that asks as fast as it is answered

# What the figures must keep to.
PLAIN_MOST, BEHIND_MOST = 1.2, 0.8  # of Icecast's processor time for one listener
PARTS_LEAST = 0.6  # of static nginx's requests a second
LATE_MOST = 0.300  # seconds from publication, of 99 in a hundred
SHARE_MOST = 0.35  # of the core
KILOBYTES_MOST = 60.0  # each


class Sizes(NamedTuple):
    """How much is measured."""

    plain: int  # listeners
    streams: (
        int  # listeners of Icecast, which lets them in slowly, and whose cost for each hardly depends on how many
    )
    low_latency: int
    fleet: int  # plain listeners over three edges
    rounds: int
    seconds: float  # of every window


WHOLE = Sizes(plain=8_000, streams=2_000, low_latency=5_000, fleet=15_000, rounds=3, seconds=2 * SEGMENT_SECONDS)
QUICK = Sizes(plain=500, streams=500, low_latency=1_000, fleet=3_000, rounds=1, seconds=SEGMENT_SECONDS)

Starting = Callable[[Path], AbstractContextManager[Server]]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def used_by(server: Server) -> float:
    return sum(cpu_seconds(process.pid) for process in server.processes)


def resident(server: Server) -> float:
    """Kilobytes."""
    told = [Path(f"/proc/{process.pid}/status").read_text() for process in server.processes]
    return sum(float(text.partition("VmRSS:")[2].split()[0]) for text in told)


@contextmanager
def running(start: Starting) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(dir=TMPFS if TMPFS.is_dir() else None) as folder, start(Path(folder)) as server:
        yield server


def a_stream() -> Listener:
    """One who listens to Icecast: asks once and hears for ever."""
    yield 0.0, get("/live")


def plain(published: Published, begins: float) -> Listener:
    """One who asks for the playlist and the newest segment every 3.84 s, for ever."""
    while True:
        yield begins, get(PLAIN)
        newest = published.newest_segment(time.monotonic() - 0.2)
        yield 0.0, get(f"{MEDIA}/s{newest}-{EPOCH}.m4s")
        begins += SEGMENT_SECONDS


Late = list[tuple[int, float]]  # part, when its reload was answered


def low_latency(published: Published, late: Late, *, fetches: bool) -> Listener:
    """One who asks for the next part before it is there, and fetches it, for ever."""
    number, begins = published.newest(time.monotonic()) + 1, 0.0
    while True:
        msn, part = divmod(number, PARTS_PER_SEGMENT)
        answer = yield begins, get(f"{LOW_LATENCY}?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES")
        if answer.status != 200:
            begins = answer.at + PART_SECONDS
            continue
        late.append((number, answer.at))
        if fetches:
            yield 0.0, get(f"{MEDIA}/p{number}-{EPOCH}.m4s")
        number += 1


class Kind(NamedTuple):
    """Plain listeners of one server."""

    start: Starting
    make: Callable[[Server, int], Listener]
    many: int
    pace: float


class Cost(NamedTuple):
    """Of one plain listener."""

    microseconds: float  # of the server's core, for a second
    sent: float  # bytes a second
    lost: int  # of all listeners: whose connection broke or who was answered with an error


def listener_seconds(kind: Kind, seconds: float) -> Cost:
    with running(kind.start) as server:
        load = Load()
        load.join([server.where], (kind.make(server, number) for number in range(kind.many)), kind.pace)
        load.run(time.monotonic() + SEGMENT_SECONDS)
        before, begun, received = used_by(server), time.monotonic(), load.received
        load.run(begun + seconds)
        lasted = time.monotonic() - begun
        used = used_by(server) - before
        load.close()
        sent = (load.received - received) / lasted / kind.many
        return Cost(used / lasted / kind.many * 1e6, sent, load.errors.total())


def plain_one(server: Server, number: int) -> Listener:
    """They come evenly over the length of a segment."""
    spread = number * 0.618 % 1.0 * SEGMENT_SECONDS
    return plain(server.published, time.monotonic() + spread)


class Rate(NamedTuple):
    """What a generator that asks as fast as it is answered was given."""

    a_second: float
    cost: float  # microseconds of the server's core for one

    @property
    def a_core(self) -> float:
        """A second of one whole core."""
        return 1e6 / self.cost


def ask(server: Server, url: str, *words: str) -> Rate:
    """Run h2load, which says how many requests succeeded; any other fails the benchmark."""
    before = used_by(server)
    told = subprocess.run(
        ["taskset", "-c", str(LOADS_CORE), "h2load", "-t1", *words, url], capture_output=True, text=True, check=True
    ).stdout
    done, failed = (int(found) for found in re.findall(r"(\d+) (?:succeeded|failed)", told))
    assert not failed, told
    assert done, told
    (rate,) = re.findall(r"([\d.]+) req/s", told)
    return Rate(float(rate), (used_by(server) - before) / done * 1e6)


def parts_of(server: Server, seconds: float) -> Rate:
    host, port = server.where
    return ask(server, f"http://{host}:{port}{A_PART}", "--h1", f"-c{CONNECTIONS}", f"-D{seconds:.0f}")


def parts_over_tls(server: Server, seconds: float) -> Rate:
    host, port = server.secure or server.where
    return ask(server, f"https://{host}:{port}{A_PART}", f"-c{CONNECTIONS}", "-m1", f"-D{seconds:.0f}")


def handshakes_of(server: Server, many: int) -> Rate:
    """New connections, each asking for one playlist."""
    host, port = server.secure or server.where
    return ask(server, f"https://{host}:{port}{PLAIN}", f"-c{many}", f"-n{many}", "-m1")


class Held(NamedTuple):
    """Low-latency listeners of one edge."""

    p50: float  # seconds from publication to the whole answer, the wait for this load's own turn included
    p99: float
    share: float  # of the core
    kilobytes: float  # each
    lost: int


def hold(sizes: Sizes, *, fetches: bool) -> Held:
    """All wait for the next part; from the second part on, every answer counts."""
    with running(_servers.edge) as server:
        late: Late = []
        empty, load = resident(server), Load()
        published = server.published
        everybody = (low_latency(published, late, fetches=fetches) for _ in range(sizes.low_latency))
        load.join([server.where], everybody, PACE)
        load.run(time.monotonic() + 3 * PART_SECONDS)
        first, before, begun = published.newest(time.monotonic()) + 2, used_by(server), time.monotonic()
        load.run(begun + sizes.seconds)
        share = (used_by(server) - before) / (time.monotonic() - begun)
        kilobytes = (resident(server) - empty) / sizes.low_latency
        load.close()
        assert server.said is not None
        said = dict(line.split() for line in server.said.read_text().splitlines() if line.count(" ") == 1)
        waited = sorted(
            at - float(said[str(number)]) for number, at in late if number >= first and str(number) in said
        ) or [math.inf]
        return Held(waited[len(waited) // 2], waited[int(0.99 * len(waited))], share, kilobytes, load.errors.total())


def serve_a_fleet(sizes: Sizes) -> tuple[int, dict[str, int]]:
    """Three edges on addresses of their own: answers, and what went wrong."""
    hosts = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
    with ExitStack() as stack:
        edges = [stack.enter_context(running(partial(_servers.edge, host=host))) for host in hosts]
        load = Load()
        places = [edge.where for edge in edges]
        load.join(places, (plain_one(edges[number % 3], number) for number in range(sizes.fleet)), PACE)
        load.run(time.monotonic() + SEGMENT_SECONDS + sizes.seconds)
        load.close()
        return load.answers, dict(load.errors)


def cost_of_plain(sizes: Sizes) -> dict[str, Cost]:
    """Of each server the median of alternate rounds, with all it lost."""
    found: dict[str, list[Cost]] = {}
    kinds = {"our edge": Kind(_servers.edge, plain_one, sizes.plain, PACE)}
    if _servers.installed("nginx"):
        kinds["our edge behind nginx"] = Kind(_servers.edge_behind_nginx, plain_one, sizes.plain, PACE)
        kinds["nginx, files"] = Kind(_servers.nginx_with_files, plain_one, sizes.plain, PACE)
    if _servers.installed("icecast2", "ffmpeg"):
        for name, codec in (("Icecast, Ogg", "opus"), ("Icecast, AAC", "aac")):
            start = partial(_servers.icecast, codec=codec)
            kinds[name] = Kind(start, lambda *_: a_stream(), sizes.streams, ICECASTS_PACE)
    for _ in range(sizes.rounds):
        for name, kind in kinds.items():
            found.setdefault(name, []).append(listener_seconds(kind, sizes.seconds))
    return {
        name: sorted(rounds)[len(rounds) // 2]._replace(lost=sum(cost.lost for cost in rounds))
        for name, rounds in found.items()
    }


def rates(sizes: Sizes) -> dict[str, Rate]:
    """Requests and handshakes, each the median round of servers asked in turn."""
    found: dict[str, list[Rate]] = {}
    many = max(500, sizes.low_latency // 2)
    with ExitStack() as stack:
        edge = stack.enter_context(running(_servers.edge))
        secure = stack.enter_context(running(partial(_servers.edge, secure=True)))
        asked: dict[str, Callable[[], Rate]] = {
            "parts, our edge": partial(parts_of, edge, sizes.seconds / 2),
            "parts over TLS and HTTP/2, our edge": partial(parts_over_tls, secure, sizes.seconds / 2),
            "handshakes, our edge": partial(handshakes_of, secure, many),
        }
        if _servers.installed("nginx"):
            files = stack.enter_context(running(_servers.nginx_with_files))
            behind = stack.enter_context(running(_servers.edge_behind_nginx))
            asked |= {
                "parts, our edge behind nginx": partial(parts_of, behind, sizes.seconds / 2),
                "parts, nginx, files": partial(parts_of, files, sizes.seconds / 2),
                "parts over TLS and HTTP/2, nginx, files": partial(parts_over_tls, files, sizes.seconds / 2),
                "handshakes, nginx": partial(handshakes_of, files, many),
            }
        for _ in range(sizes.rounds):
            for name, measure in asked.items():
                found.setdefault(name, []).append(measure())
    return {name: sorted(rounds, key=lambda rate: rate.cost)[len(rounds) // 2] for name, rounds in found.items()}


def limits_of_plain(costs: dict[str, Cost]) -> Iterator[tuple[str, bool]]:
    peer = costs.get("Icecast, AAC")
    for name, most in (("our edge", PLAIN_MOST), ("our edge behind nginx", BEHIND_MOST)):
        if peer is not None and name in costs:
            times = costs[name].microseconds / peer.microseconds
            yield f"a plain listener of {name} costs {times:.2f} times that of Icecast, at most {most}", times <= most


def limits_of_rates(found: dict[str, Rate]) -> Iterator[tuple[str, bool]]:
    if "parts, nginx, files" in found:
        share = found["parts, our edge"].a_core / found["parts, nginx, files"].a_core
        yield f"parts: {share:.2f} of static nginx's requests, at least {PARTS_LEAST}", share >= PARTS_LEAST


def limits_of_held(many: int, held: Held) -> Iterator[tuple[str, bool]]:
    who = f"{many} low-latency listeners"
    yield f"{who}: {held.p99 * 1000:.0f} ms late (p99), at most {LATE_MOST * 1000:.0f}", held.p99 <= LATE_MOST
    yield f"{who}: {held.share:.2f} of the core, at most {SHARE_MOST}", held.share <= SHARE_MOST
    yield f"{who}: {held.lost} lost, none", held.lost == 0
    yield f"{who}: {held.kilobytes:.0f} KB each, at most {KILOBYTES_MOST:.0f}", held.kilobytes <= KILOBYTES_MOST


def say(told: str) -> None:
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()


def measure_all(sizes: Sizes, figures: dict[str, object]) -> list[tuple[str, bool]]:
    """Say each figure as it is found, and keep it; the limits and whether they hold."""
    limits: list[tuple[str, bool]] = []
    for program, what in (("nginx", "nginx"), ("icecast2", "Icecast"), ("h2load", "requests a second and TLS")):
        if not _servers.installed(program):
            say(f"  {program} is not installed: {what} is left out (Debian: apt-get install {DEBIAN[program]})")
    costs = cost_of_plain(sizes)
    for name, cost in costs.items():
        told = f"{cost.microseconds:8.1f} us of a core a second {cost.sent * 8 / 1000:5.0f} kbit/s, {cost.lost} lost"
        say(f"  plain listener, {name:40} {told}")
    limits += limits_of_plain(costs)
    if _servers.installed("h2load"):
        found = rates(sizes)
        for name, rate in found.items():
            say(f"  {name:56} {rate.a_core:8.0f} a second of core {rate.a_second:8.0f} a second now")
        limits += limits_of_rates(found)
        figures["a second of core"] = {name: round(rate.a_core) for name, rate in found.items()}
    for fetches in (False, True):
        held = hold(sizes, fetches=fetches)
        name = f"{sizes.low_latency} low-latency listeners{', each fetching its parts' if fetches else ''}"
        say(f"  {name}: {held.p50 * 1000:.0f} ms late (p50), {held.p99 * 1000:.0f} ms (p99), "
            f"{held.share:.3f} of the core, {held.kilobytes:.0f} KB each, {held.lost} lost")  # fmt: skip
        figures[name] = held._asdict()
        limits += () if fetches else limits_of_held(sizes.low_latency, held)
    answers, errors = serve_a_fleet(sizes)
    told = f"{sizes.fleet} plain listeners over three edges: {answers} answers, errors: {errors or 'none'}"
    say(f"  {told}")
    figures |= {"plain listeners": {name: cost._asdict() for name, cost in costs.items()}}
    return [*limits, (told, not errors)]


DEBIAN = {"nginx": "nginx-light", "icecast2": "icecast2", "h2load": "nghttp2-client"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a few listeners, one round")
    options.add_argument("--json", action="store_true", help="the figures as JSON, after the table")
    chosen = options.parse_args()
    os.sched_setaffinity(0, {LOADS_CORE})
    figures: dict[str, object] = {}
    limits = measure_all(QUICK if chosen.quick else WHOLE, figures)
    if chosen.json:
        say(json.dumps(figures))
    return exit_code(*limits)


if __name__ == "__main__":
    sys.exit(main())
