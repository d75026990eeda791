"""An edge alone in a process, with a feed made up of random bytes.

`python -m bench._edge_alone PORT HOST [CERTIFICATE KEY]`

Says on standard output when it published each part, on the monotonic clock that all processes share.
"""

import asyncio
import os
import sys
from pathlib import Path

from hustings.base import memory
from hustings.base.clock import SystemClock
from hustings.base.grid import PART_SECONDS
from hustings.base.serving import Certificate, serve_http
from hustings.base.settings import EDGE
from hustings.documents import feed
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.live import Spaces
from hustings.edge.role import EdgeRole
from hustings.server.role import LOOPS

SPACE, EPOCH, RENDITION = "bench", "e", "aac64"
BEFORE = 72  # parts that are there at the start: a window's playlist at its usual length
PART_BYTES = round(PART_SECONDS * 64_000 / 8) + 400  # AAC 64 kbit/s and what the container adds
NOBODY = "http://127.0.0.1:9"


def publish(spaces: Spaces, number: int) -> None:
    programme = feed.Programme.CONVERSATION
    spaces.take(feed.Part(SPACE, RENDITION, EPOCH, number, programme, os.urandom(PART_BYTES)))


async def run_edge(port: int, host: str, certificate: Certificate | None = None) -> None:
    """Publish a part every 0.96 s until ended."""
    clock = SystemClock()
    role = EdgeRole(stage_url=NOBODY, control_url=NOBODY, cluster_key="k", clock=clock, site=None)
    role.spaces.take(feed.Plan(SpacePlan(SPACE, 1, "Bench", SpaceState.LIVE, Person("x"), doors_at=clock.now())))
    role.spaces.take(feed.Init(SPACE, RENDITION, b"init"))
    for number in range(BEFORE):
        publish(role.spaces, number)
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_http(role.app, host, port, certificate))
        start, number = clock.monotonic(), BEFORE
        while True:
            await clock.sleep_until(start + (number - BEFORE + 1) * PART_SECONDS)
            publish(role.spaces, number)
            sys.stdout.write(f"{number} {clock.monotonic()}\n")
            sys.stdout.flush()
            number += 1


if __name__ == "__main__":
    memory.settle()
    memory.collect_seldom()
    with asyncio.Runner(loop_factory=LOOPS[EDGE]) as runner:
        files = Certificate(*map(Path, sys.argv[3:5])) if len(sys.argv) > 3 else None
        runner.run(run_edge(int(sys.argv[1]), sys.argv[2], files))
