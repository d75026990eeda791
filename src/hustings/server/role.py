"""What every role's process does alike: read the settings, log, run until told to stop or left alone."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import httpx
import structlog
import uvloop

from hustings import __version__
from hustings.base import memory
from hustings.base.errors import CannotServe
from hustings.base.settings import CONTROL, EDGE, MONITOR, BadSetting, Settings
from hustings.server.lifeline import await_turn, is_spare, parent_gone
from hustings.server.supervisor import EXIT_FOR_GOOD

log = structlog.get_logger(__name__)

SAMPLE = "sample"  # a role of the supervisor's beside those of base.settings

# Sound first: whoever makes it has the machine before those who hand it out, and those before who listens to them.
LAST: Final = 10
NICE: Final = {EDGE: 5, CONTROL: 5, MONITOR: LAST}
# uvloop is woken once for many requests that granian's threads hand over, asyncio's own loop once for each. Its
# timers count whole milliseconds: too coarse for a stage, which gains nothing by it.
LOOPS: Final = {EDGE: uvloop.new_event_loop}
AUTOGROUP: Final = Path("/proc/self/autogroup")
NAME: Final = Path("/proc/self/comm")

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
    logging.basicConfig(handlers=[_Libraries(logging.WARNING)], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _failed


class _Libraries(logging.Handler):
    """What libraries say becomes an event of ours: their sentence, without the addresses put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        told = str(record.msg).partition("\n")[0]
        level = record.levelname.lower()
        log.warning("a library reported", library=record.name, severity=level, told=told, exc_info=record.exc_info)


def _failed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A process that ends by an error says so in one line too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("process failed", exc_info=(kind, error, trace))


def run_role(role: str, run: RunRole, prepare: Callable[[], None] = lambda: None) -> None:
    """The whole life of a role's process; ends it with an exit code. Settings come from the environment.

    A spare does `prepare` before its turn: it takes time and touches nothing outside the process.
    """
    configure_logging()
    give_way(NICE.get(role, 0))
    if is_spare():
        name_process(f"{role} spare")
        prepare()
    memory.settle()
    if is_spare() and not await_turn():
        sys.exit()
    name_process(role)
    with asyncio.Runner(loop_factory=LOOPS.get(role)) as runner:
        sys.exit(runner.run(_live(role, run, Settings())))


def name_process(name: str) -> None:
    """What `top` and `ps -o comm` show, 15 letters of it: a spare has its role's command line."""
    with contextlib.suppress(OSError):
        NAME.write_text(name)


def give_way(nice: int) -> None:
    """Let others go first when the machine is busy. Linux may weigh sessions, and each role is one, before it weighs
    the processes in them: both are told.
    """
    if nice == 0:
        return
    os.nice(nice)
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(nice))


async def _live(role: str, run: RunRole, settings: Settings) -> int:
    log.info("role started", role=role, version=__version__)
    running = asyncio.create_task(run(settings), name=role)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    watching = asyncio.create_task(parent_gone(running.cancel), name="lifeline")
    try:
        await running
    except asyncio.CancelledError:
        log.info("role stopped", role=role)
    except (BadSetting, CannotServe) as error:
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
