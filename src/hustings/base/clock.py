"""The only place that reads the time. Everything else is handed a Clock, so that tests can hand it another."""

import asyncio
import time
from pathlib import Path
from typing import Protocol

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Two readings and a wait, all in seconds."""

    def now(self) -> float:
        """Unix time: for what people and documents are told. May jump."""
        ...

    def monotonic(self) -> float:
        """Never jumps back: for intervals, deadlines and pacing."""
        ...

    async def sleep_until(self, when: float) -> None:
        """Wait until `monotonic()` reaches `when`; returns at once if it has passed."""
        ...


def boot_id() -> str:
    """Names the machine's time since it was started: readings of `monotonic` by different processes can be compared
    within one, and only there. Empty where the machine does not tell."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep_until(self, when: float) -> None:
        await asyncio.sleep(max(0.0, when - time.monotonic()))


class ManualClock:
    """A clock that moves only when told to; waits end when `advance` passes them, and `jump` ends none."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._start = now
        self._elapsed = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        self._elapsed += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    def jump(self, seconds: float) -> None:
        """Set the Unix time forward or back, as people and time servers do."""
        self._start += seconds

    async def sleep_until(self, when: float) -> None:
        while self._elapsed < when:
            await self._moved.wait()
