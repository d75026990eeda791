"""An edge put together: the front door and what runs behind it. Opens nothing until `run`."""

import asyncio
from pathlib import Path

import httpx

from hustings.base.clock import Clock
from hustings.edge.agent import EdgeAgent
from hustings.edge.app import FrontDoor
from hustings.edge.audience import Audiences
from hustings.edge.cluster import ClusterDoor
from hustings.edge.listening import ListeningPlane
from hustings.edge.live import Spaces
from hustings.edge.pages import Site
from hustings.edge.plans import QUESTIONS, AccountBook, PlanBook
from hustings.edge.proxy import API, COMMANDS, COUNTS, DESK, FEED, REPLAY, UPLOADS, WHIP, Upstream
from hustings.edge.proxy import QUESTIONS as FROM_EDGES
from hustings.edge.town import TownLink
from hustings.edge.waiting import Room

SITE = Path(__file__).parent / "site"


def _upstreams(stage: str, control: str, cluster_key: str) -> dict[str, Upstream]:
    return {
        "api": Upstream(API, control),
        "uploads": Upstream(UPLOADS, control),
        "whip": Upstream(WHIP, stage),
        "desk": Upstream(DESK, stage),
        "commands": Upstream(COMMANDS, stage),
        "replay": Upstream(REPLAY, stage, authorization=f"Bearer {cluster_key}"),
    }


def _from_edges(stage: str, control: str) -> dict[str, Upstream]:
    """What edges on other machines ask: see edge/cluster.py."""
    return {
        "feed": Upstream(FEED, stage),
        "questions": Upstream(FROM_EDGES, control),
        "counts": Upstream(COUNTS, stage),
    }


class EdgeRole:
    """`app` is the ASGI callable; `run()` until cancelled. URLs have no trailing slash.

    The server in front must admit more requests at once than `max_waiting` (granian's `backpressure`).
    """

    def __init__(
        self,
        *,
        stage_url: str,
        control_url: str,
        cluster_key: str,
        clock: Clock,
        site: Path | None = SITE,
        max_waiting: int = 20_000,
        trusted_proxies: frozenset[str] = frozenset(),
    ) -> None:
        self._questions = httpx.AsyncClient(
            timeout=2.0, limits=httpx.Limits(max_connections=2 * QUESTIONS), trust_env=False
        )
        self.room = Room(max_waiting)
        self.spaces = Spaces(clock, self.room)
        plans = PlanBook(self._questions, control_url=control_url, cluster_key=cluster_key, clock=clock)
        accounts = AccountBook(self._questions, control_url=control_url, cluster_key=cluster_key, clock=clock)
        self._upstreams = _upstreams(stage_url, control_url, cluster_key)
        self._from_edges = _from_edges(stage_url, control_url)
        audiences = Audiences()
        self.town = TownLink(
            self._questions,
            stage_url=stage_url,
            cluster_key=cluster_key,
            clock=clock,
            audiences=audiences,
            spaces=self.spaces,
        )
        self.agent = EdgeAgent(
            stage_url=stage_url, cluster_key=cluster_key, clock=clock, spaces=self.spaces, plans=plans
        )
        self.app = FrontDoor(
            listening=ListeningPlane(spaces=self.spaces, plans=plans, clock=clock, audiences=audiences),
            accounts=accounts,
            site=Site(site if site is not None and site.is_dir() else None),
            trusted=trusted_proxies,
            cluster=ClusterDoor(cluster_key, recordings=self._upstreams["replay"], **self._from_edges),
            **self._upstreams,
        )

    async def run(self) -> None:
        """Follow the stage and count with it until cancelled, then close every connection."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.agent.run(), name="edge follows the stage")
                group.create_task(self.town.run(), name="edge counts with the others")
        finally:
            self.room.close()
            await self._questions.aclose()
            for upstream in (*self._upstreams.values(), *self._from_edges.values()):
                await upstream.close()
