"""A UDP port of the stage's, held for the length of a check, and whether a word sent to it arrives."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ARRIVES_WITHIN = 1.0  # s


@dataclass(frozen=True, slots=True)
class UdpPort:
    socket: socket.socket
    word: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def number(self) -> int:
        return int(self.socket.getsockname()[1])

    def heard(self) -> bool:
        """Whether `word` has come, or comes soon; what others send is passed over."""
        self.socket.settimeout(ARRIVES_WITHIN)
        with suppress(OSError):
            while True:
                if self.socket.recv(2048) == self.word:
                    return True
        return False

    def comes_back(self, address: str) -> bool:
        """Whether what is sent to this address arrives here."""
        with suppress(OSError):
            self.socket.sendto(self.word, (address, self.number))
        return self.heard()


def port_range(told: str) -> range | None:
    """The ports; empty for "any", None for what cannot be read."""
    if not told:
        return range(0)
    first, _, last = told.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        return None
    ports = range(int(first), int(last or first) + 1)
    return ports if ports and ports[-1] <= 65_535 else None


@contextmanager
def open_port(told: str, *, v6: bool = False) -> Iterator[UdpPort | None]:
    """The first of the range that is free."""
    with socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        yield UdpPort(probe) if any(can_bind(probe, port) for port in port_range(told) or [0]) else None


def can_bind(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("", port))
    except OSError:
        return False
    return True
