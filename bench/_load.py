"""Many kept-alive HTTP/1.1 listeners over one epoll, as cheap as a load can be in Python: some 15 us an answer.

A listener is a generator: it yields when to ask and what, and is sent the status, the body's length and when the
answer was whole. Nothing is retried: what goes wrong is counted. Never speaks TLS (h2load does).
"""

import heapq
import os
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

Address = tuple[str, int]
FOR_EVER = -1  # length of an answer that does not end
HEAD = "Host: town.example\r\nAccept-Encoding: gzip\r\nUser-Agent: bench\r\n\r\n"
LET_IN = 30.0  # seconds a server has to let all in
_MANY = 65_536  # bytes read at once


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    at: float  # monotonic seconds


# Yields (not before this monotonic moment, request); is sent the answer.
Listener = Generator[tuple[float, bytes], Answer, None]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HEAD}".encode()


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    listener: Listener
    request: bytes = b""
    missing: int = 0  # bytes of the answer under way; 0 before its head, FOR_EVER in one without an end
    status: int = 0
    head: bytes = b""


@dataclass
class Load:
    """What became of all of them. `run` may be called again: whoever has ended is gone."""

    answers: int = 0
    received: int = 0  # bytes
    errors: Counter[str] = field(default_factory=Counter)
    _connecting: int = 0
    _poll: select.epoll = field(default_factory=select.epoll)
    _open: dict[int, _Connection] = field(default_factory=dict)
    _later: list[tuple[float, int]] = field(default_factory=list)

    def join(self, where: Sequence[Address], listeners: Iterable[Listener], pace: float) -> None:
        """Connect each, in turn to these addresses, at most `pace` a second; back when all are let in."""
        begun = time.monotonic()
        for number, listener in enumerate(listeners):
            self.run(begun + number / pace)
            self._connect(where[number % len(where)], listener)
        late = time.monotonic() + LET_IN
        self.run(lambda: self._connecting == 0 or time.monotonic() > late)

    def run(self, until: float | Callable[[], bool]) -> None:
        """Serve them until that moment, or until it says so or all have ended."""
        done = until if callable(until) else lambda: time.monotonic() >= until
        patience = 0.0
        while True:
            self._ask_those_whose_time_has_come()
            for number, what in self._poll.poll(patience, 1024):
                connection = self._open[number]
                (self._read if what & select.EPOLLIN else self._let_in)(connection)
            if done() or (callable(until) and not self._open):
                return
            patience = 0.005

    def close(self) -> None:
        for connection in list(self._open.values()):
            self._leave(connection)
        self._poll.close()

    def _connect(self, where: Address, listener: Listener) -> None:
        """Begin to; a server whose queue is short lets some wait a second, and nobody waits for those."""
        opened = socket.socket()
        opened.setblocking(False)
        opened.connect_ex(where)
        self._open[opened.fileno()] = _Connection(opened, listener)
        self._poll.register(opened.fileno(), select.EPOLLOUT)
        self._connecting += 1

    def _let_in(self, connection: _Connection) -> None:
        self._connecting -= 1
        if failed := connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._failed(connection, os.strerror(failed))
            return
        self._poll.modify(connection.socket.fileno(), select.EPOLLIN)
        self._next(connection, None)

    def _next(self, connection: _Connection, answer: Answer | None) -> None:
        try:
            at, connection.request = connection.listener.send(answer)  # type: ignore[arg-type]  # None begins it
        except StopIteration:
            self._leave(connection)
            return
        if at > time.monotonic():
            heapq.heappush(self._later, (at, connection.socket.fileno()))
        else:
            self._ask(connection)

    def _ask_those_whose_time_has_come(self) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            _, number = heapq.heappop(self._later)
            if (connection := self._open.get(number)) is not None:
                self._ask(connection)

    def _ask(self, connection: _Connection) -> None:
        try:
            connection.socket.send(connection.request)
        except OSError as error:
            self._failed(connection, type(error).__name__)

    def _read(self, connection: _Connection) -> None:
        try:
            data = connection.socket.recv(_MANY)
        except BlockingIOError:
            return
        except OSError as error:
            self._failed(connection, type(error).__name__)
            return
        if not data:
            self._failed(connection, "closed")
            return
        self.received += len(data)
        if connection.missing:
            connection.missing = max(FOR_EVER, connection.missing - len(data))
        elif not self._begin(connection, connection.head + data):
            return
        if connection.missing == 0:
            self._whole(connection)

    def _begin(self, connection: _Connection, data: bytes) -> bool:
        """Read an answer's head; False while it is not whole."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            connection.head = data
            return False
        head = data[:end].lower()
        connection.head, connection.status = b"", int(head[9:12])
        _, found, length = head.partition(b"content-length: ")
        body = int(length.partition(b"\r\n")[0]) if found else FOR_EVER
        connection.missing = body if body == FOR_EVER else body - (len(data) - end - 4)
        return True

    def _whole(self, connection: _Connection) -> None:
        self.answers += 1
        if connection.status != 200:
            self.errors[f"status {connection.status}"] += 1
        self._next(connection, Answer(connection.status, time.monotonic()))

    def _failed(self, connection: _Connection, why: str) -> None:
        self.errors[why] += 1
        self._leave(connection)

    def _leave(self, connection: _Connection) -> None:
        self._open.pop(connection.socket.fileno(), None)
        with suppress(OSError):
            self._poll.unregister(connection.socket.fileno())
        connection.socket.close()
