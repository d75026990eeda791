"""The speakers' UDP sockets, read all together right before the mixer needs what came.

Thirteen speakers' packets come at 650 moments of a second and none is heard before the next tick; to wake for each
costs as much as to decode it. So every tick reads them, and the kernel tells when they came. Without ticks, or when
one leaves something behind, the loop reads. It never looks into a datagram.
"""

import asyncio
import contextlib
import selectors
import socket
import struct
import sys
from typing import Any, Final, Protocol

import structlog

from hustings.base.clock import Clock

log = structlog.get_logger(__name__)

DATAGRAM: Final = 8192  # bytes: more than any network's frame; what is longer is cut, and then no packet of ours
IN_A_ROW: Final = 16  # datagrams of each socket: in a flood the loop gets its turn between them
LONG_AGO: Final = 1.0  # s: what is said to have come before that, or later than now, came as somebody set the clock
ROOM_FOR: Final = 2**20  # bytes a socket asks to hold, of which the system gives what it will

_STAMPS: Final = 35 if sys.platform == "linux" else None  # SO_TIMESTAMPNS, which Python does not name
_STAMP: Final = struct.Struct("@ll")
_STAMP_ROOM: Final = socket.CMSG_SPACE(_STAMP.size)

Address = tuple[Any, ...]


class Receiving(Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...

    def received(self, data: bytes, addr: Address, age: float) -> None:
        """A datagram that came `age` seconds ago."""
        ...


class MediaSocket(asyncio.DatagramTransport):
    """One of them, as asyncio's protocols know it. What the system does not take at once is lost, as on any way."""

    def __init__(self, bound: socket.socket, protocol: Receiving, sockets: "MediaSockets") -> None:
        super().__init__({"sockname": bound.getsockname()})
        self._socket = bound
        self._protocol = protocol
        self._sockets = sockets
        self._closing = False

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any | None = None) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(data, addr or ())

    def receive(self, clock: Clock) -> None:
        try:
            data, stamps, _, addr = self._socket.recvmsg(DATAGRAM, _STAMP_ROOM)
        except OSError:  # closed a moment ago, or an earlier datagram came back as unwanted
            return
        try:
            self._protocol.received(data, addr, _age(stamps, clock))
        except Exception:  # supervisor: whatever one speaker's datagram does, the others are read
            log.exception("a datagram could not be taken")

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._sockets.forget(self._socket)
            self._socket.close()
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()


def _age(stamps: list[tuple[int, int, bytes]], clock: Clock) -> float:
    """Seconds since the kernel had it; 0 when it does not tell."""
    for _, _, stamp in stamps:
        seconds, nanoseconds = _STAMP.unpack(stamp)
        age = clock.now() - seconds - nanoseconds / 1e9
        return float(age) if 0.0 < age < LONG_AGO else 0.0
    return 0.0


class MediaSockets:
    """One stage's. From the first `tick` on they are read by ticks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._ticked = False
        self._watched = False  # by the loop

    def open(self, protocol: Receiving, address: str, port: int) -> MediaSocket:
        """Raises OSError when it cannot be bound."""
        bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_FOR)
            if _STAMPS is not None:
                with contextlib.suppress(OSError):
                    bound.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
            bound.bind((address, port))
        except OSError:
            bound.close()
            raise
        opened = MediaSocket(bound, protocol, self)
        self._selector.register(bound, selectors.EVENT_READ, opened)
        protocol.connection_made(opened)
        self._watch(not self._ticked)
        return opened

    def forget(self, bound: socket.socket) -> None:
        self._selector.unregister(bound)
        if not self._selector.get_map():
            self._watch(False)

    def tick(self) -> None:
        """Hand on what has come. Call it in the loop that opened them."""
        self._ticked = True
        self._read()

    def _read(self) -> None:
        drained = self._drain()
        self._watch(bool(self._selector.get_map()) and not (drained and self._ticked))

    def _drain(self) -> bool:
        for _ in range(IN_A_ROW):
            ready = self._selector.select(0)
            if not ready:
                return True
            for key, _ in ready:
                key.data.receive(self._clock)
        return False

    def _watch(self, on: bool) -> None:
        if on is self._watched:
            return
        self._watched = on
        loop, file = asyncio.get_running_loop(), self._selector.fileno()
        if on:
            loop.add_reader(file, self._read)
        else:
            loop.remove_reader(file)
