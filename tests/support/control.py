"""Control with a real SQLite file, spoken to over ASGI, beside a stage that writes down what it is told."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.types import Receive, Scope, Send

from hustings.api.control import Control
from hustings.base.clock import ManualClock
from hustings.base.settings import Settings
from hustings.documents.space import SpacePlan
from hustings.square.creation import Created, create_account
from hustings.store.engine import BUSY_TIMEOUT
from hustings.store.store import Store
from hustings.store.values import AccountRole

KEY = "the cluster's key"
SITE = "http://town.test"
PASSWORD = "the ferry must stay here"


class RecordingStage:
    """A stage's internal HTTP as control sees it: takes plans, answers its epoch, can be away or refuse."""

    def __init__(self) -> None:
        self.epoch = "first"
        self.plans: dict[str, SpacePlan] = {}
        self.put_count = 0
        self.deleted: list[str] = []
        self.away = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.refused: set[str] = set()
        self.looks = 0
        self.looked = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.away:
            raise httpx.ConnectError("nobody there")
        await self.answers.wait()
        body = (await receive()).get("body", b"")
        status, told = self._answer(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": told})

    def _answer(self, scope: Scope, body: bytes) -> tuple[int, bytes]:
        if dict(scope["headers"]).get(b"authorization") != f"Bearer {KEY}".encode():
            return 401, b""
        space = scope["path"].rpartition("/")[2]
        if scope["path"] == "/internal/epoch":
            self.looks += 1
            self.looked.set()
            return 200, msgspec.json.encode({"epoch": self.epoch})
        if space in self.refused:
            return 400, b""
        if scope["method"] == "DELETE":
            self.deleted.append(space)
            self.plans.pop(space, None)
            return 204, b""
        self.put_count += 1
        self.plans[space] = msgspec.json.decode(body, type=SpacePlan)
        return 204, b""


class World:
    """One control, its stage, and as many people as a test wants."""

    def __init__(self, data: Path, busy_timeout: int = BUSY_TIMEOUT) -> None:
        self.busy_timeout = busy_timeout
        self.settings = Settings.model_validate({"data": data, "port": 8123, "public_url": "", "cluster_key": KEY})
        self.clock = ManualClock()
        self.stage = RecordingStage()
        self.control = self.new_control()
        self.stack = contextlib.AsyncExitStack()

    def new_control(self) -> Control:
        stage_http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.stage),
            base_url="http://stage",
            headers={"authorization": f"Bearer {KEY}"},
        )
        return Control(
            store=Store(self.settings.store_url(), busy_timeout=self.busy_timeout),
            stage_http=stage_http,
            clock=self.clock,
            cluster_key=KEY,
            address=self.settings.address(),
            public_url=self.settings.public_url,
            uploads=self.settings.uploads(),
        )

    async def restart(self) -> None:
        """As after `kill -9`: nothing but the database is left."""
        await self.control.close()
        self.control = self.new_control()
        await self.control.open()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.control.app(scope, receive, send)

    async def person(self, **headers: str) -> httpx.AsyncClient:
        """A browser at the front door."""
        common = {"x-forwarded-host": "town.test", "x-forwarded-proto": "http", "origin": SITE}
        transport = httpx.ASGITransport(self, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=SITE, headers=common | headers)
        return await self.stack.enter_async_context(client)

    async def program(self, name: str, role: AccountRole = AccountRole.MEMBER) -> httpx.AsyncClient:
        """A bearer of an account's token, made in the shell beside the running server."""
        made = await self.shell(name, role, token=True)
        return await self.person(authorization=f"Bearer {made.token}")

    async def shell(self, name: str, role: AccountRole, *, token: bool) -> Created:
        """`hustings account create`, beside the running server."""
        return await create_account(self.settings, self.clock, name, role, token=token)

    async def bearer(self, token: str) -> httpx.AsyncClient:
        return await self.person(authorization=f"Bearer {token}")

    async def role(self) -> httpx.AsyncClient:
        """Another role of the installation."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self), base_url="http://control", headers={"authorization": f"Bearer {KEY}"}
        )
        return await self.stack.enter_async_context(client)

    async def owner(self) -> httpx.AsyncClient:
        """The owner in a browser, by the link of the first start."""
        link = await self.control.owner_link()
        assert link is not None
        browser = await self.person()
        body = {"link": link.partition("#")[2], "name": "ada", "display_name": "Ada Lind", "password": PASSWORD}
        answer = await browser.post("/api/v1/setup", json=body)
        assert answer.status_code == 200, answer.text
        return browser


async def new_space(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/spaces", json={"title": "The candidates and the town", **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def guest_seat(world: World, host: httpx.AsyncClient, space: str, name: str, role: str = "speaker") -> Any:
    """Invite, open the link, accept: a guest's seat."""
    invited = await host.post(f"/api/v1/spaces/{space}/invitations", json={"role": role})
    assert invited.status_code == 201, invited.text
    secret = invited.json()["url"].rpartition("/")[2]
    guest = await world.person()
    return await guest.post(f"/api/v1/invitations/{secret}/accept", json={"name": name, "agree_recording": True})
