"""A seat's ways in: one session, and a second that takes over when the first falls silent.

A browser on a venue's network and OBS, or `hustings speak`, on a phone's: both send all the time, one is heard. Both
are pulled at every tick, so that the one that takes over has its sound ready. One that raises must take neither the
other's sound nor twelve others': it is logged, dropped, and left to be closed. It never judges what a voice sounds
like: only whether packets come.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

import numpy as np
import structlog

from hustings.audio.level import Samples
from hustings.audio.mix import SILENCE, smooth
from hustings.base.grid import TICK
from hustings.stage.presence import SILENT_AFTER, Health

log = structlog.get_logger(__name__)

GONE_AFTER: Final = 0.3  # s without a packet: more than the 0.2 s that the jitter buffer holds at most
SOUND_WITHIN: Final = 0.1  # s: the other way must be sending at this moment

_RISE: Final = smooth(np.arange(1, TICK + 1) / TICK)


class Source(Protocol):
    """What a seat hears and says, 20 ms at a time: a peer."""

    on_packet: Callable[[bytes], None] | None

    def pull(self) -> Samples | None: ...
    def send(self, opus: bytes) -> None: ...
    def health(self) -> Health: ...
    async def close(self) -> None: ...


class Uplinks:
    """One seat's sessions. Which one carries stays so until it fails: a way that flaps is not gone back to.

    `broken` are those that raised: they are asked for nothing more, and are to be closed and dropped.
    """

    def __init__(self, first: Source, *, second: bool = False) -> None:
        self._ways: dict[bool, Source] = {second: first}  # whether it is the second way, and the session
        self._carrier = second
        self.broken: list[Source] = []
        self._on_packet: Callable[[bytes], None] | None = None

    def __iter__(self) -> Iterator[Source]:
        yield from self._ways.values()

    @property
    def carrying(self) -> Source:
        return self._ways[self._carrier]

    @property
    def second_carries(self) -> bool:
        return self._carrier

    def sounds(self, *, second: bool) -> bool:
        """Whether packets come by the first way, or by the second."""
        if (source := self._ways.get(second)) is None or source in self.broken:
            return False
        health = source.health()
        return health.packets > 0 and health.last_packet_age < SILENT_AFTER

    @property
    def on_packet(self) -> Callable[[bytes], None] | None:
        """Called with each Opus frame of the way that is heard."""
        return self._on_packet

    @on_packet.setter
    def on_packet(self, receive: Callable[[bytes], None] | None) -> None:
        self._on_packet = receive
        for way, source in self._ways.items():
            source.on_packet = receive if way is self._carrier and source not in self.broken else None

    def put(self, source: Source, *, second: bool) -> Source | None:
        """Take a session in as the first or the second way; gives back the one it replaces."""
        former = self._ways.get(second)
        self._ways[second] = source
        self.on_packet = self._on_packet
        if former is None or former is source:
            return None
        self.broken = [each for each in self.broken if each is not former]
        former.on_packet = None
        return former

    def drop(self, source: Source) -> bool:
        """A session ended; True when none is left. One that was replaced is not known any more."""
        left = {way: each for way, each in self._ways.items() if each is not source}
        self.broken = [each for each in self.broken if each is not source]
        if left and left.keys() != self._ways.keys():
            self._ways = left
            self._carry(next(iter(left)))
        return not left

    def pull(self) -> Samples | None:
        """This tick's sound of the way that carries."""
        if len(self._ways) == 1:
            return self._pull(self.carrying)
        pulled = {way: self._pull(source) for way, source in self._ways.items()}
        before = self._carrier
        if self._should_change():
            self._carry(not before)
            return _faded(pulled[before], pulled[self._carrier])
        return pulled[before]

    def _pull(self, source: Source) -> Samples | None:
        if source in self.broken:
            return None
        try:
            return source.pull()
        except Exception:
            log.exception("a way into a seat failed to give sound")
            self._break(source)
            return None

    def _break(self, source: Source) -> None:
        source.on_packet = None
        self.broken.append(source)

    def _should_change(self) -> bool:
        if self._ways[not self._carrier] in self.broken:
            return False
        if self.carrying in self.broken:
            return True
        if self.carrying.health().last_packet_age < GONE_AFTER:
            return False
        other = self._ways[not self._carrier].health()
        return other.packets > 0 and other.last_packet_age < SOUND_WITHIN

    def _carry(self, way: bool) -> None:
        self._carrier = way
        self.on_packet = self._on_packet

    def send(self, opus: bytes) -> None:
        for source in self._ways.values():
            if source in self.broken:
                continue
            try:
                source.send(opus)
            except Exception:
                log.exception("a way into a seat failed to take sound")
                self._break(source)

    def health(self) -> Health:
        return self.carrying.health()

    async def close(self) -> None:
        for source in self._ways.values():
            await source.close()


def _faded(old: Samples | None, new: Samples | None) -> Samples:
    """From one way to the other within a tick."""
    rest = SILENCE if old is None else old
    return rest + _RISE * ((SILENCE if new is None else new) - rest)
