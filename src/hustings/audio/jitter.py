"""The jitter buffer: packets in as the network has them, one slot of sound out per 20 ms tick.

Delay is measured, not counted: a packet's *transit* is its arrival minus its timestamp; the fastest transit of
the last seconds is the network at its best, and the buffer plays each sample `delay` later than that. `delay`
follows a target (a high quantile of recent lateness) by playing one slot longer or shorter, in silence where
it can. A sender's drifting clock is just a slowly moving transit. It never decodes and never reads a clock.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from hustings.audio.lateness import Lateness
from hustings.audio.rtp import unwrap

RATE: Final = 48_000
SLOT: Final = 960  # samples: what one pull moves on by, unless the packet says otherwise
LOWEST, HIGHEST = 0.040, 0.200  # seconds: bounds of the target
CEILING: Final = 0.300  # s: an empty buffer waits for late packets up to this delay, then speech is given up
RUNAWAY: Final = 0.500  # s: beyond this, old sound is skipped at once
LEAP: Final = 1.0  # s: a timestamp this far from where the clock expects it is a new timeline
IDLE: Final = 1.0  # s: after this long without packets the next one starts anew
ROOM: Final = 128  # packets: more than LEAP holds at 10 ms; a flood beyond it is dropped
SHRINK_ABOVE: Final = 0.030  # s over target before a slot is dropped, so that dropping 20 ms falls not below it
HAIR: Final = 0.001  # s: what a tick's own lateness makes of a delay that is meant to be the same
FAR: Final = 0.080  # s over target: do not wait for silence any longer
STEADY: Final = 10  # pulls, 0.2 s
PAUSE_QUIET, PAUSE_LOUD = 5, 25  # pulls between two corrections, in silence and in speech


class Packet(NamedTuple):
    """One encoded frame. `duration` in samples at 48 kHz."""

    sequence: int
    timestamp: int
    payload: bytes
    duration: int = SLOT


class Play(NamedTuple):
    """Decode `packet`. With `merge`, decode that one too and blend the two into one slot: delay shrinks."""

    packet: Packet
    merge: Packet | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A slot that did not come; `following` is the packet right after it, if it is here, for its redundancy."""

    following: Packet | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Fill one slot from nothing: the stream waits and the delay grows by it. `starved`: because nothing has come."""

    starved: bool = False


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Nothing to play yet, or nothing for so long that there is nothing to conceal."""


Pulled: TypeAlias = Play | Missing | Stretch | NotStarted


class JitterBuffer:
    """One source. Times are seconds of one steady clock; timestamps are RTP's, 48 kHz, wrapping."""

    def __init__(self, *, lowest: float = LOWEST, highest: float = HIGHEST) -> None:
        self._bounds = (lowest, highest)
        self.late = 0
        self.duplicates = 0
        self.resets = 0
        self._ssrc: int | None = None
        self._restart()

    def _restart(self) -> None:
        self._packets: dict[int, Packet] = {}  # by unwrapped timestamp
        self._newest: int | None = None  # highest unwrapped timestamp
        self._cursor: int | None = None  # what is played next; None before the start
        self._lateness = Lateness()
        self._heard_at = 0.0
        self._recent: deque[float] = deque(maxlen=STEADY)  # s: the delay at the last pulls
        self._since_change = 0
        self._stretched = 0  # samples waited at this cursor

    # What comes in

    def push(self, ssrc: int, packet: Packet, now: float, *, recovered: bool = False) -> bool:
        """Take a packet; False if it brings nothing (empty, duplicate, too late, no room).

        One that was lost and `recovered` counts as late, so that the delay grows to where recovery helps; one that
        no delay within the bounds would have served does not count.
        """
        if not packet.payload:
            return False
        if ssrc != self._ssrc or now - self._heard_at > IDLE:
            self._reset(ssrc)
        at = packet.timestamp if self._newest is None else unwrap(packet.timestamp, self._newest, 32)
        leaps = self._newest is not None and abs(self._lateness.relative(now - at / RATE)) > LEAP
        if leaps and recovered:
            return False
        if leaps:
            self._reset(ssrc)
            at = packet.timestamp
        self._heard_at = now
        transit = now - at / RATE
        if not recovered or self._lateness.relative(transit) < self._bounds[1]:
            self._lateness.add(transit)
        self._newest = at if self._newest is None else max(self._newest, at)
        return self._store(at, packet)

    def _reset(self, ssrc: int) -> None:
        self.resets += self._ssrc is not None
        self._restart()
        self._ssrc = ssrc

    def _store(self, at: int, packet: Packet) -> bool:
        if at in self._packets:
            self.duplicates += 1
            return False
        if self._cursor is not None and at < self._cursor:
            self.late += 1
            return False
        if len(self._packets) >= ROOM:
            return False
        self._packets[at] = packet
        return True

    # What goes out

    def pull(self, now: float, *, quiet: bool = False) -> Pulled:
        """The next slot. `quiet` says that what was played last was silence: the time to correct the delay."""
        if self._cursor is None and not self._begin(now):
            return NotStarted()
        assert self._cursor is not None
        if not self._packets and now - self._heard_at > IDLE:
            self._restart()
            return NotStarted()
        self._measure(now)
        if self._delay(now) > RUNAWAY:
            self._skip_old(now)
        self._since_change += 1
        over = self._over
        if self._should_grow(over, quiet):
            return self._stretch()
        return self._next(now, shrink=self._should_shrink(over, quiet))

    def _begin(self, now: float) -> bool:
        """Start once the first packet has waited for the target, so that the next ones will be in time."""
        if not self._packets:
            return False
        first = min(self._packets)
        if now - self._lateness.best - first / RATE < self.target:
            return False
        self._cursor = first
        return True

    def _next(self, now: float, *, shrink: bool) -> Pulled:
        assert self._cursor is not None
        packet = self._packets.pop(self._cursor, None) or self._realign()
        if packet is not None:
            return self._play(packet, shrink=shrink)
        if not self._packets:
            return self._stretch(starved=True) if self._delay(now) + SLOT / RATE < CEILING else self._lose()
        if self._stretched >= SLOT and self._delay(now) - SLOT / RATE > self.target - HAIR:
            # This hole was already waited for: its time has been spent, unless more delay is wanted anyhow.
            self._stretched -= SLOT
            self._cursor += SLOT
            return self._next(now, shrink=False)
        return self._lose()

    def _realign(self) -> Packet | None:
        """A packet that starts within this slot: the sender's frames are not on our grid."""
        assert self._cursor is not None
        following = min(self._packets, default=None)
        if following is None or following >= self._cursor + SLOT:
            return None
        self._cursor = following
        return self._packets.pop(following)

    def _play(self, packet: Packet, *, shrink: bool) -> Play:
        assert self._cursor is not None
        self._cursor += packet.duration
        self._stretched = 0
        merged = self._packets.pop(self._cursor, None) if shrink else None
        if merged is None:
            return Play(packet)
        self._cursor += merged.duration
        self._changed(-merged.duration)
        return Play(packet, merged)

    def _lose(self) -> Missing:
        assert self._cursor is not None
        self._cursor += SLOT
        return Missing(self._packets.get(self._cursor))

    def _stretch(self, *, starved: bool = False) -> Stretch:
        self._stretched += SLOT
        self._changed(SLOT)
        return Stretch(starved)

    # The delay and its target

    @property
    def target(self) -> float:
        """Seconds of delay that the network's recent behaviour asks for."""
        lowest, highest = self._bounds
        return min(highest, max(lowest, self._lateness.spread))

    def delay(self, now: float) -> float:
        """Seconds from a packet's arrival at the network's best to its being played; 0 before the start."""
        return 0.0 if self._cursor is None else self._delay(now)

    def _delay(self, now: float) -> float:
        assert self._cursor is not None
        return now - self._lateness.best - self._cursor / RATE

    def _measure(self, now: float) -> None:
        self._recent.append(self._delay(now))

    def _changed(self, samples: int) -> None:
        self._since_change = 0
        self._recent = deque((delay + samples / RATE for delay in self._recent), STEADY)

    @property
    def _over(self) -> float:
        """Seconds by which the delay is above its target, negative below it; 0 while the last pulls tell too little.

        Their least delay counts: a tick that comes late looks like delay and is none.
        """
        return min(self._recent) - self.target if len(self._recent) == STEADY else 0.0

    def _should_grow(self, over: float, quiet: bool) -> bool:
        return over < -HAIR and self._since_change > (PAUSE_QUIET if quiet else PAUSE_LOUD)

    def _should_shrink(self, over: float, quiet: bool) -> bool:
        if quiet:
            return over > SHRINK_ABOVE and self._since_change > PAUSE_QUIET
        return over > FAR and self._since_change > PAUSE_LOUD

    def _skip_old(self, now: float) -> None:
        wanted = int((now - self._lateness.best - self.target) * RATE)
        kept = {at: packet for at, packet in self._packets.items() if at >= wanted}
        self._cursor = min(kept, default=wanted)
        self._packets = kept
        self._recent.clear()
        self._stretched = 0
