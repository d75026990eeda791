"""Which lost packets to ask for again (generic NACK, RFC 4585 §6.2.1), and how the asking is written.

Sequence numbers in, sequence numbers out; it never reads a clock and knows nothing of what packets hold.
"""

import struct
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Final

from hustings.audio.rtp import RtpBroken, unwrap

TRANSPORT_FEEDBACK, GENERIC_NACK = 205, 1
WORTH_ASKING: Final = 0.200  # s from noticing the hole: the jitter buffer's longest patience
ASK_AGAIN: Final = 0.020  # s at least between two requests for the same packet
MOST: Final = 32  # packets at once: a longer hole is a cut, not a loss, and asking would delay the way back
RESTART: Final = 500  # packets back, 10 s: nothing is on its way so long, the sender counts anew
NEVER: Final = float("-inf")
_SOURCES: Final = struct.Struct("!II")
_ITEM: Final = struct.Struct("!HH")


class Arrival(Enum):
    NEW = auto()
    FILLED = auto()  # a hole, by reordering or from another packet's redundancy
    AGAIN = auto()  # a hole, because we asked
    KNOWN = auto()  # a second time, or given up


class Wanted:
    """The holes in one source's numbers: at most MOST, the oldest forgotten first."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: OrderedDict[int, tuple[float, float]] = OrderedDict()  # unwrapped number: noticed, asked last

    def __len__(self) -> int:
        return len(self._missing)

    def arrived(self, sequence: int, now: float, round_trip: float = 0.0) -> Arrival:
        """Note a packet. What comes sooner after a request than half a round trip was on its way anyhow."""
        if self._highest is None:
            self._highest = sequence
            return Arrival.NEW
        number = unwrap(sequence, self._highest, 16)
        if number <= self._highest - RESTART:
            self._missing.clear()
            self._highest = sequence
            return Arrival.NEW
        if number <= self._highest:
            return self._found(number, now - round_trip / 2)
        first = self._highest + 1
        self._highest = number
        if number - first > MOST:
            self._missing.clear()
        else:
            self._missing.update(dict.fromkeys(range(first, number), (now, NEVER)))
            self._forget(now)
        return Arrival.NEW

    def _forget(self, now: float) -> None:
        while self._missing:
            oldest = next(iter(self._missing))
            if len(self._missing) <= MOST and now - self._missing[oldest][0] < WORTH_ASKING:
                return
            del self._missing[oldest]

    def _found(self, number: int, asked_before: float) -> Arrival:
        times = self._missing.pop(number, None)
        if times is None:
            return Arrival.KNOWN
        return Arrival.AGAIN if NEVER < times[1] <= asked_before else Arrival.FILLED

    def due(self, now: float, round_trip: float) -> tuple[int, ...]:
        """The numbers (16 bits) to ask for now: those never asked for, and those whose answer is overdue."""
        if not self._missing:
            return ()
        self._forget(now)
        patience = max(ASK_AGAIN, round_trip * 1.25)
        asked = [n for n, (_, last) in self._missing.items() if now - last >= patience]
        for number in asked:
            self._missing[number] = (self._missing[number][0], now)
        return tuple(number & 0xFFFF for number in asked)


def build_nack(sender: int, source: int, sequences: Sequence[int]) -> bytes:
    """The body of the feedback packet: numbers and bit masks of the 16 that follow each."""
    items: list[list[int]] = []
    for sequence in sequences:
        ahead = (sequence - items[-1][0]) & 0xFFFF if items else 0
        if items and 1 <= ahead <= 16:
            items[-1][1] |= 1 << (ahead - 1)
        else:
            items.append([sequence, 0])
    return _SOURCES.pack(sender, source) + b"".join(_ITEM.pack(*item) for item in items)


def parse_nack(body: bytes) -> tuple[int, tuple[int, ...]]:
    """The source and the numbers that are asked for. Raises RtpBroken."""
    if len(body) < _SOURCES.size or (len(body) - _SOURCES.size) % _ITEM.size:
        raise RtpBroken("The request for lost packets has no whole number of items.")
    _, source = _SOURCES.unpack_from(body)
    return source, tuple(_listed(_ITEM.iter_unpack(body[_SOURCES.size :][: MOST * _ITEM.size])))


def _listed(items: Iterable[tuple[int, ...]]) -> list[int]:
    return [
        (first + ahead) & 0xFFFF
        for first, mask in items
        for ahead in range(17)
        if ahead == 0 or mask & (1 << (ahead - 1))
    ]
