"""A sender, a network and a receiver in virtual time: minutes of a jitter buffer in milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from hustings.audio.jitter import JitterBuffer, Packet, Play, Pulled

TICK = 0.020
Delay = Callable[[int], float | None]  # packet number to seconds on the way, None for lost


def packet(number: int, first: int = 0) -> Packet:
    return Packet(number & 0xFFFF, (first + number * 960) & 0xFFFFFFFF, number.to_bytes(4, "big"))


def number_of(packet: Packet) -> int:
    return int.from_bytes(packet.payload, "big")


@dataclass
class Run:
    """What a receiver saw: the pulled values, when, and the delay each was played with."""

    pulled: list[tuple[float, Pulled]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def played(self) -> list[int]:
        found: list[int] = []
        for _, value in self.pulled:
            if isinstance(value, Play):
                found.append(number_of(value.packet))
                if value.merge is not None:
                    found.append(number_of(value.merge))
        return found

    def count(self, kind: type, since: float = 0.0) -> int:
        return sum(isinstance(value, kind) for at, value in self.pulled if at >= since)

    def mean_delay(self, last: int) -> float:
        return float(np.mean(self.delays[-last:]))


def simulate(
    delay: Delay,
    packets: int,
    *,
    ppm: float = 0.0,
    first: int = 0,
    phase: float = 0.007,
    quiet: Callable[[int], bool] = lambda tick: tick % 50 < 10,
    buffer: JitterBuffer | None = None,
) -> Run:
    """A sender whose clock is off by `ppm`, a network, and a receiver pulling every 20 ms of its own clock."""
    step = TICK / (1 + ppm * 1e-6)
    arrivals = sorted((n * step + late, n) for n in range(packets) for late in [delay(n)] if late is not None)
    buffer = buffer or JitterBuffer()
    run = Run()
    waiting = iter(arrivals)
    upcoming = next(waiting, None)
    for tick in range(int(packets * step / TICK)):
        now = phase + tick * TICK
        while upcoming is not None and upcoming[0] <= now:
            buffer.push(1, packet(upcoming[1], first), upcoming[0])
            upcoming = next(waiting, None)
        run.delays.append(buffer.delay(now))
        run.pulled.append((now, buffer.pull(now, quiet=quiet(tick))))
    return run
