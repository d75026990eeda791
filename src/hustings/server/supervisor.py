"""Keeps the roles running: one child process each, started again when it dies, all gone when this one goes.

A child holds the read end of a pipe whose write end lives here. However this process ends, the pipe closes and
the child leaves; so a killed supervisor leaves no orphan on the port. It never looks inside a role.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from hustings.base.clock import Clock

log = structlog.get_logger(__name__)

EXIT_FOR_GOOD = 78  # EX_CONFIG of sysexits.h: starting it again would end the same way
EXIT_FINISHED = 0
LIFELINE = "HUSTINGS_LIFELINE"  # set for children: their standard input is the pipe
HEALTHY_AFTER = 30.0  # seconds of running after which a restart is immediate again
LONGEST_PAUSE = 5.0  # seconds between two restarts of a role that keeps dying
PATIENCE = 8.0  # seconds a role has to stop by itself


def restart_pause(deaths: int) -> float:
    """Seconds to wait before start number `deaths` + 1: none after the first death, then doubling."""
    return 0.0 if deaths <= 1 else min(LONGEST_PAUSE, 0.1 * 2 ** (deaths - 2))


def role_command(role: str) -> tuple[str, ...]:
    """How a role's process is started."""
    return (sys.executable, "-m", f"hustings.server.{role}")


@dataclass
class Child:
    """One role's process and how often it died of late."""

    role: str
    command: Sequence[str]
    inherited: Sequence[int] = ()  # descriptors
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0
    lifeline: int = field(default=-1)

    async def start(self, environment: dict[str, str]) -> None:
        reading, self.lifeline = os.pipe()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=reading, env=environment, start_new_session=True, pass_fds=tuple(self.inherited)
            )
        finally:
            os.close(reading)

    async def wait(self) -> int:
        assert self.process is not None
        code = await self.process.wait()
        os.close(self.lifeline)
        return code

    async def stop(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), PATIENCE)
        except TimeoutError:
            self.process.kill()


class Supervisor:
    """Runs each role's module until told to stop or one of them ends for good."""

    def __init__(
        self,
        roles: Sequence[str],
        environment: dict[str, str],
        clock: Clock,
        *,
        inherited: Sequence[int] = (),
        after: Mapping[str, Callable[[], Awaitable[None]]] = MappingProxyType({}),
    ) -> None:
        """Every child gets the descriptors `inherited`. A role in `after` is started when what stands there ends."""
        self._children = [Child(role, role_command(role), inherited) for role in roles]
        self._environment = {**os.environ, **environment, LIFELINE: "stdin"}
        self._clock = clock
        self._after = after
        self._stopping = asyncio.Event()
        self._exit_code = 0

    def stop(self, exit_code: int = 0) -> None:
        self._exit_code = self._exit_code or exit_code
        self._stopping.set()

    async def run(self) -> int:
        """The exit code for this process: 0 when asked to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(self._keep(child), name=child.role)
            try:
                await self._stopping.wait()
            finally:
                for child in reversed(self._children):
                    await child.stop()
        return self._exit_code

    async def _keep(self, child: Child) -> None:
        if (waits := self._after.get(child.role)) is not None:
            await self._unless_stopping(waits())
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            await child.start(self._environment)
            code = await child.wait()
            if self._stopping.is_set() or code == EXIT_FINISHED:
                return
            if code == EXIT_FOR_GOOD:
                self.stop(code)
                return
            lived = self._clock.monotonic() - started
            child.deaths = 1 if lived > HEALTHY_AFTER else child.deaths + 1
            log.warning("role died and is started again", role=child.role, exit_code=code, deaths=child.deaths)
            await self._pause(restart_pause(child.deaths))

    async def _unless_stopping(self, waiting: Awaitable[None]) -> None:
        both = [asyncio.ensure_future(waiting), asyncio.ensure_future(self._stopping.wait())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def supervised() -> bool:
    """Whether this process is a child of a supervisor."""
    return bool(os.environ.get(LIFELINE))


async def parent_gone(then: Callable[[], object]) -> None:
    """Call `then` when the supervisor is gone, which holds the other end of the pipe on standard input.

    Without a supervisor, under systemd for one, it waits for ever.
    """
    gone = asyncio.Event()
    if supervised():
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), gone.set)
    try:
        await gone.wait()
        then()
    finally:
        if supervised():
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
