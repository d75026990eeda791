"""The control role: its app, and what runs beside it."""

from pathlib import Path

import httpx
from fastapi import FastAPI

from hustings.api import calendar, hands, internal, invitations, passkeys, people, seats, spaces, tokens
from hustings.api.body_limit import BodyLimit
from hustings.api.errors import translate_errors
from hustings.api.services import Services
from hustings.base.clock import Clock
from hustings.spaces.stage_link import StageLink
from hustings.store.store import Store

STAGE_TIMEOUT = 5.0  # seconds
PARTS = (people, passkeys, tokens, spaces, seats, invitations, hands, calendar, internal)


def stage_client(stage_url: str, cluster_key: str) -> httpx.AsyncClient:
    """HTTP to the stage, with the cluster's key; no proxy of the environment comes between."""
    headers = {"authorization": f"Bearer {cluster_key}"}
    return httpx.AsyncClient(base_url=stage_url, headers=headers, timeout=STAGE_TIMEOUT, trust_env=False)


def control_app(services: Services) -> FastAPI:
    """Every route, in the order in which they are matched."""
    app = FastAPI(title="Hustings", version="1", openapi_url="/api/v1/openapi.json", docs_url=None, redoc_url=None)
    app.state.services = services
    for part in PARTS:
        app.include_router(part.router)
    app.add_middleware(BodyLimit)
    translate_errors(app)
    return app


class Control:
    """`await open()` before serving `app`; `run()` for as long as it serves; `await close()` after."""

    def __init__(
        self,
        *,
        store: Store,
        stage_http: httpx.AsyncClient,
        clock: Clock,
        cluster_key: str,
        address: str,
        public_url: str,
        uploads: Path,
    ) -> None:
        self._store, self._stage_http = store, stage_http
        self._link = StageLink(store, stage_http, clock)
        self.services = Services(
            store=store,
            stage=self._link,
            clock=clock,
            cluster_key=cluster_key,
            address=address,
            public_url=public_url,
            uploads=uploads,
        )
        self.app = control_app(self.services)

    async def open(self) -> None:
        """Migrates the database."""
        await self._store.open()

    async def owner_link(self) -> str | None:
        """The address at which the owner is made, until there is one."""
        secret = await self.services.accounts.ensure_owner_link()
        return None if secret is None else self.services.setup_url(secret)

    async def run(self) -> None:
        await self._link.run()

    async def close(self) -> None:
        self.services.passwords.close()
        await self._stage_http.aclose()
        await self._store.close()
