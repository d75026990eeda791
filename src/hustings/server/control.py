"""The control role put together: the API and everything with a database behind it."""

import asyncio

from hustings.api.control import Control, stage_client
from hustings.base.clock import SystemClock
from hustings.base.serving import serve_http
from hustings.base.settings import CONTROL, Settings
from hustings.server.lifeline import supervised
from hustings.server.role import owner_line, port_of, run_role
from hustings.store.store import Store


async def run_control(settings: Settings) -> None:
    """The API and the store."""
    control = Control(
        store=Store(settings.store_url()),
        stage_http=stage_client(settings.stage_url, settings.cluster_key),
        clock=SystemClock(),
        cluster_key=settings.cluster_key,
        address=settings.address(),
        public_url=settings.public_url,
        uploads=settings.uploads(),
    )
    await control.open()
    try:
        if not supervised() and (link := await control.owner_link()):  # a supervisor asks, and tells it in its place
            print(owner_line(link), flush=True)  # noqa: T201
        async with asyncio.TaskGroup() as group:
            group.create_task(control.run(), name="stage link")
            group.create_task(serve_http(control.app, settings.internal_host, port_of(settings.control_url)))
    finally:
        await control.close()


if __name__ == "__main__":
    run_role(CONTROL, run_control)
