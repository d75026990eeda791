"""The edge role put together: the front door, which builds its own parts."""

import asyncio

from hustings.base import memory
from hustings.base.clock import SystemClock
from hustings.base.serving import serve_http
from hustings.base.settings import EDGE, Settings
from hustings.edge.role import EdgeRole
from hustings.server.role import run_role


async def run_edge(settings: Settings) -> None:
    """The front door."""
    memory.collect_seldom()
    edge = EdgeRole(
        stage_url=settings.stage_url,
        control_url=settings.control_url,
        cluster_key=settings.cluster_key,
        clock=SystemClock(),
        max_waiting=settings.max_listeners_waiting,
        trusted_proxies=frozenset(settings.trusted()),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(edge.run(), name="agent")
        group.create_task(serve_http(edge.app, settings.host, settings.port), name="front door")


if __name__ == "__main__":
    run_role(EDGE, run_edge)
