"""How far the count of listeners is from the truth, and what counting costs an edge.

`python -m bench.counts [--seeds N] [--size N] [--seconds S]` prints one line of JSON per figure, and ends with 1 when
a figure is worse than promised. Crowds are simulated in virtual time over three edges; reports are sent for real,
over plain HTTP/1.1 on loopback, to one edge in a process of its own, by this one.
"""

import argparse
import asyncio
import json
import sys
import time
import tracemalloc

from tests.support.asgi import free_port, listening
from tests.support.crowd import SPACE, Crowd, Pages, Town, ids

from bench.edge import cpu_seconds
from hustings.base.clock import SystemClock
from hustings.base.serving import serve_http
from hustings.documents import feed
from hustings.documents.distinct import relative_error
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.audience import MOST_PAGES, Audiences
from hustings.edge.role import EdgeRole

PROMISED = 0.02
CONNECTIONS = 32
NOBODY = "http://127.0.0.1:9"


def say(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def _share(told: float, true: float) -> float:
    return round(told / true - 1, 5)


def simulated(size: int, seed: int, most: int = MOST_PAGES) -> dict[str, float]:
    """The worst error of each figure over all turns once everybody has come; `most` pages an edge holds."""
    pages, town, peak = Pages(Crowd(size, seed, lasts=300)), Town.of(3, most), 0
    worst: dict[str, float] = {"listening": 0.0, "unique": 0.0, "peak": 0.0}
    for at, told in town.play(pages, 300):
        true = pages.listening(at)
        peak = max(peak, true)
        if at >= 120:
            is_so = {"listening": true, "unique": pages.ever(at), "peak": peak}
            for name, value in is_so.items():
                worst[name] = max(worst[name], _share(getattr(told, name), value), key=abs)
    true_share = pages.ever_stalled(300) / pages.ever(300)
    return {**worst, "stalled_share": round(told.stalled_share - true_share, 5), "one_in": told.one_in}


def crowds(seeds: int, size: int) -> bool:
    """Whether every figure of every seed was as promised."""
    error = {"sketch_at_1_sigma": round(relative_error(1), 5), "at_3_sigma": round(relative_error(3), 5)}
    well = True
    for seed in range(seeds):
        wrong = simulated(size, seed)
        say(figure="worst error", size=size, edges=3, seed=seed, **wrong, **error)
        well = well and all(abs(wrong[name]) < PROMISED for name in ("listening", "unique", "peak"))
    sampled = simulated(size, seeds, most=size // 8)
    say(figure="worst error of a sample", size=size, edges=3, reporting=round(size / sampled["one_in"]), **sampled)
    return well


def flood(count: int) -> None:
    """One client that makes up pages."""
    made_up = ids(count)
    audiences = Audiences()
    tracemalloc.start()
    begun, most = time.process_time(), 0
    for number, session in enumerate(made_up):
        audiences.beacon(SPACE, session, number / 10_000)
        if number % 10_000 == 0:
            most = max(most, len(audiences.of(SPACE)))
    took = time.process_time() - begun
    held, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    told = audiences.of(SPACE).turnout(count / 10_000)
    report = audiences.of(SPACE).report("edge", count / 10_000)
    say(
        figure="made-up pages", sent=count, seconds=count // 10_000, held_at_most=most,
        python_mb_at_most=round(highest / 1e6, 1), python_mb=round(held / 1e6, 1),
        report_kb=sum(map(len, (*report.here.values(), *report.came.values()))) // 1000,
        one_in=told.one_in, cpu_us_each_traced=round(1e6 * took / count, 1),
    )  # fmt: skip


async def serve(port: int) -> None:
    clock = SystemClock()
    role = EdgeRole(stage_url=NOBODY, control_url=NOBODY, cluster_key="k", clock=clock, site=None)
    role.spaces.take(feed.Plan(SpacePlan(SPACE, 1, "Bench", SpaceState.LIVE, Person("x"), doors_at=clock.now())))
    await serve_http(role.app, "127.0.0.1", port)


async def _send(port: int, sessions: list[str], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent = 0
    while time.monotonic() < until:
        body = json.dumps({"session": sessions[sent % len(sessions)], "stalls": 0, "buffer": 4.2, "left": False})
        head = f"POST /spaces/{SPACE}/beacon HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 204 " in answer, answer
        sent += 1
    writer.close()
    return sent


async def reports(seconds: float) -> None:
    port, sessions = free_port(), ids(20_000)
    edge = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.counts", "--serve", str(port))
    try:
        await listening(port)
        share = len(sessions) // CONNECTIONS
        before, begun = cpu_seconds(edge.pid), time.monotonic()
        sending = [_send(port, sessions[n * share : (n + 1) * share], begun + seconds) for n in range(CONNECTIONS)]
        sent = sum(await asyncio.gather(*sending))
        each = (cpu_seconds(edge.pid) - before) / sent
        rate, per_core = round(sent / seconds), round(1 / each)
        say(figure="reports", per_second=rate, edge_cpu_us=round(1e6 * each, 1), per_core=per_core)
    finally:
        edge.terminate()
        await edge.wait()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", type=int, help="be the edge, on this port")
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--size", type=int, default=20_000)
    options.add_argument("--seconds", type=float, default=5.0)
    chosen = options.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.serve))
        return 0
    well = crowds(chosen.seeds, chosen.size)
    flood(1_000_000)
    asyncio.run(reports(chosen.seconds))
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
