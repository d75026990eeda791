"""The monitor role put together: it listens to the edges as listeners do, and gets the machine's time last."""

from hustings.base.clock import SystemClock
from hustings.base.settings import MONITOR, Settings
from hustings.ops.monitor import Monitor
from hustings.server.role import run_role


async def run_monitor(settings: Settings) -> None:
    """Says which part of the way to listeners is at fault."""
    await Monitor(
        stage_url=settings.stage_url,
        cluster_key=settings.cluster_key,
        edges=settings.listened_to(),
        clock=SystemClock(),
    ).run()


if __name__ == "__main__":
    run_role(MONITOR, run_monitor)
