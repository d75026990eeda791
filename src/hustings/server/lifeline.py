"""The pipe between a supervisor and each of its children, from both ends.

The supervisor holds the end that writes. However it ends, the pipe closes and the child leaves, so a killed one
leaves no orphan on the port. A spare reads its turn from it: until then it has loaded everything and done nothing.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LIFELINE = "HUSTINGS_LIFELINE"  # set for children: their standard input is the pipe
SPARE = "HUSTINGS_SPARE"  # set for one that waits for its turn
TURN = b"\n"
PATIENCE = 8.0  # seconds a child has to stop by itself


@dataclass
class Child:
    """One process; `pipe` is the end of its lifeline that writes, and is closed when it is gone."""

    process: asyncio.subprocess.Process
    pipe: int

    @classmethod
    async def start(
        cls, command: Sequence[str], environment: Mapping[str, str], inherited: Sequence[int], *, spare: bool = False
    ) -> "Child":
        """It gets the descriptors `inherited`, and a session of its own: a terminal's Ctrl-C is the supervisor's."""
        told = {**environment, LIFELINE: "stdin", **({SPARE: "1"} if spare else {})}
        reading, pipe = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=reading, env=told, start_new_session=True, pass_fds=tuple(inherited)
            )
        except BaseException:
            os.close(pipe)
            raise
        finally:
            os.close(reading)
        return cls(process, pipe)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    def give_turn(self) -> bool:
        """Tell a spare to begin; False when it is gone."""
        try:
            return self.alive and os.write(self.pipe, TURN) == len(TURN)
        except OSError:
            return False

    async def wait(self) -> int:
        """The exit code, once it is gone."""
        code = await self.process.wait()
        self.hang_up()
        return code

    async def stop(self) -> None:
        """By its leave, else without."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), PATIENCE)
        except TimeoutError:
            self.process.kill()
            await self.wait()

    def hang_up(self) -> None:
        """Close the lifeline: whoever lives by it leaves."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


def supervised() -> bool:
    """Whether this process is a child of a supervisor."""
    return bool(os.environ.get(LIFELINE))


def is_spare() -> bool:
    """Whether this process was started to wait for its turn."""
    return bool(os.environ.get(SPARE))


def await_turn() -> bool:
    """Wait until the supervisor says so; False when it is gone instead. A signal ends the process as any other's."""
    return os.read(sys.stdin.fileno(), len(TURN)) == TURN


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
