"""Keeps the roles running: one child process each, started again when it dies, all gone when this one goes.

A role that nobody may wait for has a spare beside it, a process that has loaded everything and waits for its turn. It
never looks inside a role.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from hustings.base.clock import Clock
from hustings.server.lifeline import Child

log = structlog.get_logger(__name__)

EXIT_FOR_GOOD = 78  # EX_CONFIG of sysexits.h: starting it again would end the same way
EXIT_FINISHED = 0
HEALTHY_AFTER = 30.0  # seconds of running after which a restart is immediate again
LONGEST_PAUSE = 5.0  # seconds between two restarts of a role that keeps dying
SPARE_AFTER = 15.0  # seconds: loading a spare takes the CPU that a role which has just begun, and its callers, need


def restart_pause(deaths: int) -> float:
    """Seconds to wait before start number `deaths` + 1: none after the first death, then doubling."""
    return 0.0 if deaths <= 1 else min(LONGEST_PAUSE, 0.1 * 2 ** (deaths - 2))


def role_command(role: str) -> tuple[str, ...]:
    """How a role's process is started."""
    return (sys.executable, "-m", f"hustings.server.{role}")


async def first_of(*waiting: Awaitable[object]) -> None:
    """Until one of them has ended; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Place:
    """One role's process, the spare beside it, and how often it died of late."""

    role: str
    child: Child | None = None
    spare: Child | None = None
    spare_gone: asyncio.Event = field(default_factory=asyncio.Event)
    deaths: int = 0

    def take_spare(self) -> Child | None:
        """The spare, which has begun; None when there is none that lives."""
        spare, self.spare = self.spare, None
        self.spare_gone.set()
        return spare if spare is not None and spare.give_turn() else None


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
        spared: Collection[str] = (),
        spare_after: float = SPARE_AFTER,
        command: Callable[[str], Sequence[str]] = role_command,
    ) -> None:
        """Every child gets the descriptors `inherited`. A role in `after` is started when what stands there ends; one
        in `spared` has a spare, `spare_after` seconds after it was started and after it lost the last."""
        self.places = [Place(role) for role in roles]
        self._environment = {**os.environ, **environment}
        self._clock = clock
        self._inherited = inherited
        self._after = after
        self._spared = spared
        self._spare_after = spare_after
        self._command = command
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
            for place in self.places:
                group.create_task(self._keep(place), name=place.role)
                if place.role in self._spared:
                    group.create_task(self._keep_spare(place), name=f"{place.role} spare")
            try:
                await self._stopping.wait()
            finally:
                for place in reversed(self.places):
                    if place.child is not None:
                        await place.child.stop()
        return self._exit_code

    async def _keep(self, place: Place) -> None:
        if (waits := self._after.get(place.role)) is not None:
            await self._unless_stopping(waits())
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            place.child = place.take_spare() or await self._start(place)
            code = await self._until_gone(place.child)
            if self._stopping.is_set() or code == EXIT_FINISHED:
                return
            if code == EXIT_FOR_GOOD:
                self.stop(code)
                return
            lived = self._clock.monotonic() - started
            place.deaths = 1 if lived > HEALTHY_AFTER else place.deaths + 1
            log.warning("role died and is started again", role=place.role, exit_code=code, deaths=place.deaths)
            await self._pause(restart_pause(place.deaths))

    async def _keep_spare(self, place: Place) -> None:
        """One that dies is replaced, as is one that took its turn; neither at once."""
        while not self._stopping.is_set():
            await self._pause(self._spare_after)
            if self._stopping.is_set():
                return
            spare = await self._start(place, spare=True)
            place.spare = spare
            place.spare_gone.clear()
            await self._unless_stopping(first_of(spare.wait(), place.spare_gone.wait()))
            if place.spare is spare:
                place.spare = None
                await spare.stop()

    def _start(self, place: Place, *, spare: bool = False) -> Awaitable[Child]:
        return Child.start(self._command(place.role), self._environment, self._inherited, spare=spare)

    async def _until_gone(self, child: Child) -> int:
        if self._stopping.is_set():  # since it was being started
            await child.stop()
        return await child.wait()

    async def _unless_stopping(self, waiting: Awaitable[None]) -> None:
        await first_of(waiting, self._stopping.wait())

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
