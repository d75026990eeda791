"""What every role's process does alike: read the settings, log, run until told to stop or left alone."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import structlog

from hustings.base.settings import BadSetting, Settings
from hustings.server.supervisor import EXIT_FOR_GOOD, parent_gone

log = structlog.get_logger(__name__)

SAMPLE = "sample"  # a role of the supervisor's beside those of base.settings

RunRole = Callable[[Settings], Coroutine[Any, Any, None]]


def configure_logging() -> None:
    """One line an event on standard error: readable at a terminal, JSON elsewhere. Never what a person said."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run_role(role: str, run: RunRole) -> None:
    """The whole life of a role's process; ends it with an exit code. Settings come from the environment."""
    configure_logging()
    settle_memory()
    sys.exit(asyncio.run(_live(role, run, Settings())))


def settle_memory() -> None:
    """Leave what imports have made out of every later garbage collection: going through it all takes 90 ms, in which
    a stage misses four ticks.
    """
    gc.collect()
    gc.freeze()


async def _live(role: str, run: RunRole, settings: Settings) -> int:
    running = asyncio.create_task(run(settings), name=role)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    watching = asyncio.create_task(parent_gone(running.cancel), name="lifeline")
    try:
        await running
    except asyncio.CancelledError:
        log.info("role stopped", role=role)
    except BadSetting as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return EXIT_FOR_GOOD
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return 0


def owner_line(link: str) -> str:
    return f"Nobody owns it yet. Become its owner: {link}"


def port_of(url: str) -> int:
    return httpx.URL(url).port or 80
