"""A bad network between a WebRTC client and a server: a UDP relay that loses media packets by a seeded plan.

It stands before SRTP: it sees sealed packets and needs no key. Handshakes pass, so that a run measures what is
said and not how it began. The answer's candidates are replaced by the relay's, the offer's are taken out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Address = tuple[str, int]


class Loss:
    """Says of each packet whether it is lost: `share` (0..1) at random, or in bursts of a mean length (Gilbert)."""

    def __init__(self, share: float, burst: float = 1.0, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._end = 1 / burst if burst > 1 else 1 - share
        self._begin = share * self._end / (1 - share) if share < 1 else 1.0
        self._bad = False

    def __call__(self) -> bool:
        drawn = self._rng.random()
        self._bad = drawn >= self._end if self._bad else drawn < self._begin
        return self._bad


@dataclass
class Way:
    """One direction."""

    lost: Callable[[], bool]
    passed: int = 0
    dropped: int = 0

    def takes(self, data: bytes) -> bool:
        """Media and its reports may be lost; ICE and DTLS (RFC 7983) are not."""
        if not data or not 128 <= data[0] < 192:
            return True
        drop = self.lost()
        self.dropped += drop
        self.passed += not drop
        return not drop


@dataclass
class Relay(asyncio.DatagramProtocol):
    """One client's path to one server address."""

    server: Address
    up: Way
    down: Way
    client: Address | None = None
    _near: asyncio.DatagramTransport | None = None
    _far: asyncio.DatagramTransport | None = None
    address: Address = field(default=("", 0))

    @classmethod
    async def begin(cls, server: Address, up: Way, down: Way) -> "Relay":
        loop = asyncio.get_running_loop()
        relay = cls(server, up, down)
        near, _ = await loop.create_datagram_endpoint(lambda: relay, local_addr=(server[0], 0))
        far, _ = await loop.create_datagram_endpoint(lambda: _Far(relay), local_addr=(server[0], 0))
        relay._near, relay._far = near, far
        relay.address = near.get_extra_info("sockname")[:2]
        return relay

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.client = addr
        if self._far is not None and self.up.takes(data):
            self._far.sendto(data, self.server)

    def returned(self, data: bytes) -> None:
        if self._near is not None and self.client is not None and self.down.takes(data):
            self._near.sendto(data, self.client)

    def close(self) -> None:
        for transport in (self._near, self._far):
            if transport is not None:
                transport.close()


@dataclass
class _Far(asyncio.DatagramProtocol):
    relay: Relay

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.relay.returned(data)


def without_candidates(sdp: str) -> str:
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=candidate:"))


def server_address(answer: str) -> Address:
    """The answer's first IPv4 candidate."""
    for line in answer.splitlines():
        if line.startswith("a=candidate:"):
            parts = line.split()
            if parts[2].lower() == "udp" and ":" not in parts[4]:
                return parts[4], int(parts[5])
    raise AssertionError("the answer names no IPv4 address")


async def through(answer: str, up: Way, down: Way) -> tuple[str, Relay]:
    """The answer as the client is to see it, and the relay it leads to."""
    relay = await Relay.begin(server_address(answer), up, down)
    host, port = relay.address
    candidate = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
    lines = without_candidates(answer).splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("m=audio")) + 2
    return "".join([*lines[:at], candidate, *lines[at:]]), relay
