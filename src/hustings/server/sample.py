"""The sample role put together: two recorded voices that come in by the front door like anybody else."""

from hustings.base.clock import SystemClock
from hustings.base.settings import Settings
from hustings.sample.runner import run_sample
from hustings.server.role import SAMPLE, run_role


async def run_sample_role(settings: Settings) -> None:
    """Two recorded voices that come in by the front door."""
    await run_sample(settings.door(), settings.control_url, settings.cluster_key, SystemClock())


if __name__ == "__main__":
    run_role(SAMPLE, run_sample_role)
