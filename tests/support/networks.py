"""Networks of a test's own, in Linux namespaces: nothing outside sees them, and two tests never meet."""

import asyncio
import ctypes
import itertools
import os
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.needs import need_namespaces, need_programs

CLONE_NEWNET = 0x40000000
HALL = "198.18.0.1"  # the server's address in its namespace; RFC 2544 keeps this range for tests
_numbers = itertools.count()


def sh(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, text=True)


class Namespace:
    """`with namespace.entered():` this thread's sockets, and the threads and processes it begins, are in it."""

    def __init__(self) -> None:
        self.name = f"hustings-{os.getpid()}-{next(_numbers)}"
        sh(f"ip netns add {self.name}")
        self.ip("link set lo up")

    def ip(self, command: str) -> None:
        sh(f"ip -n {self.name} {command}")

    def run(self, command: str) -> None:
        sh(f"ip netns exec {self.name} {command}")

    def remove(self) -> None:
        sh(f"ip netns del {self.name}")

    @contextmanager
    def entered(self) -> Iterator[None]:
        with Path("/proc/thread-self/ns/net").open() as before, Path(f"/run/netns/{self.name}").open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def connect(self, other: "Namespace", network: int) -> None:
        """A cable: we have 198.18.NETWORK.1 on it, the other 198.18.NETWORK.2."""
        near, far = f"hu{network}near", f"hu{network}far"
        self.ip(f"link add {near} type veth peer name {far} netns {other.name}")
        for end, place, host in ((self, near, 1), (other, far, 2)):
            end.ip(f"addr add 198.18.{network}.{host}/24 dev {place}")
            end.ip(f"link set {place} up")

    async def thread(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run it in here, on a loop and a thread of its own; cancelled with us."""
        loop = asyncio.new_event_loop()
        task = loop.create_task(work)
        running = asyncio.ensure_future(asyncio.to_thread(self._thread, loop, task))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            loop.call_soon_threadsafe(task.cancel)
            await running
            raise

    def _thread(self, loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]") -> None:
        with self.entered(), asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_ended(task))


async def _ended(task: "asyncio.Task[Any]") -> None:
    await asyncio.wait([task])
    if not task.cancelled():
        await task


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def hall_and_guest() -> Iterator[tuple[Namespace, Namespace]]:
    """We are in the hall, which has the address HALL; the guest has no cable yet."""
    need_programs("ip")
    need_namespaces()
    hall, guest = Namespace(), Namespace()
    hall.ip(f"addr add {HALL}/32 dev lo")
    try:
        with hall.entered():
            yield hall, guest
    finally:
        guest.remove()
        hall.remove()


def plug(hall: Namespace, guest: Namespace, network: int) -> None:
    """The guest is in this network, and reaches the hall by it."""
    hall.connect(guest, network)
    guest.ip(f"route replace default via 198.18.{network}.1")


def unplug(guest: Namespace, network: int) -> None:
    guest.ip(f"link del hu{network}far")
