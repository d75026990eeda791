"""One seat's live side: its session, its faders, its meter and its own encoder. It knows no other seat."""

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np

from hustings.audio.health import VoiceHealth
from hustings.audio.level import Meter, Samples
from hustings.audio.limiter import Limiter
from hustings.audio.mix import Fader
from hustings.audio.riding import Rides
from hustings.base.grid import TICK
from hustings.documents.space import Role, Seat
from hustings.stage.presence import Attendance
from hustings.stage.private import Private
from hustings.stage.uplinks import Uplinks

MUTE_MS = 20.0
TALK_MS = 40.0
TRACK_SLACK = 10 * TICK  # samples: how far a track may run ahead of the programme's clock


class Encoder(Protocol):
    def encode(self, samples: Samples) -> bytes: ...


class WarmEncoder:
    """An encoder that may rest: before its first packet after a rest it is run over what was just heard.

    An encoder that starts cold in the middle of a sound makes a click six times its usual error.
    """

    def __init__(self, make: Callable[[], Encoder]) -> None:
        self._make = make
        self._encoder: Encoder | None = None
        self._last = -2

    def encode(self, tick: int, samples: Samples, before: Iterable[Samples]) -> bytes:
        """One packet; `before` is what the listener's stream held in the last few ticks, oldest first."""
        if self._encoder is None:
            self._encoder = self._make()
        if self._last != tick - 1:
            for past in before:
                self._encoder.encode(past)
        self._last = tick
        return self._encoder.encode(samples)


def _through(sound: Samples, gains: Samples | float) -> Samples | None:
    """The sound with a gain, None where nothing passes."""
    if isinstance(gains, float):
        return None if gains == 0.0 else sound if gains == 1.0 else sound * np.float32(gains)
    return sound * gains


class Chair:
    """`came` is this tick's sound of the seat, None when there is none; `voice` the same as loud as all are;
    `air` its gain into the conversation.
    """

    def __init__(self, seat: Seat, make_encoder: Callable[[], Encoder], rider: Rides) -> None:
        self.seat = seat
        self.rider = rider
        self.peer: Uplinks | None = None
        self.generation = seat.generation  # of the token that opened the session
        self.attendance = Attendance()
        self.meter = Meter()  # of the voice as it came: a gain must not make speech of a room's noise
        self.health = VoiceHealth()  # likewise
        self.encoder = WarmEncoder(make_encoder)
        self.limiter = Limiter()
        self.switch = Fader(0.0)
        self.private = Private()
        self.voice: Samples | None = None
        self.came: Samples | None = None
        self.air: Samples | float = 0.0
        self._mute = Fader(0.0 if seat.muted else 1.0)
        self._heard = Fader(1.0)
        self.aside: Samples | None = None  # this tick's sound for those whom a director talks to
        self.duck = Fader(0.0)  # 1: what it hears is turned down, as somebody talks to it
        self._talk = Fader(0.0)
        self._talk_gains: Samples | float = 0.0
        self._open: Samples | float = 1.0  # what of this tick is for the mixes
        self._track_next = 0

    @property
    def works_the_show(self) -> bool:
        """A producer: hears everything and is never heard."""
        return self.seat.role is Role.PRODUCER

    @property
    def aired(self) -> bool:
        return self.switch.target == 1.0 and not self.talking

    @property
    def talks(self) -> bool:
        """To a few, beside the conversation."""
        return self._talk.target == 1.0

    @property
    def talking(self) -> bool:
        """The same until the last of it is faded out."""
        return not self._talk.shut

    @property
    def closing(self) -> bool:
        """Its voice is in the conversation for the last time, as it fades out of it."""
        if self.switch.shut or self._mute.shut or self._heard.shut:
            return False
        shutting = 0.0 in (self.switch.target, self._mute.target, self._heard.target)
        return shutting or (self.talks and not self._talk.resting)

    def talk(self, on: bool) -> None:
        """Take the voice out of every mix into `aside`, whether the seat is muted or not, or give it back."""
        if self.talks is not on:
            self._talk.aim(float(on), TALK_MS)

    def update(self, seat: Seat) -> None:
        if self.seat.muted and not seat.muted:
            self.renew()
        self.seat = seat
        self._mute.aim(0.0 if seat.muted else 1.0, MUTE_MS)

    @property
    def silenced(self) -> bool:
        """By the rule against echoes; whom a person mutes, `seat` tells."""
        return self._heard.target == 0.0

    def silence(self, on: bool) -> None:
        """Take the voice out of every mix while it is listened to as before."""
        self._heard.aim(float(not on), MUTE_MS)

    def ride(self, ridden: Samples) -> None:
        """Make `voice` of what came, which `ridden` is with the rider's gain."""
        self.aside = _through(ridden, self._talk_gains)
        self.voice = None if self._heard.shut else _through(self._heard.apply(ridden), self._open)

    def renew(self) -> None:
        """Another microphone, or another place for it: what was wrong may be cured."""
        self.health = VoiceHealth()

    def leave(self) -> None:
        """Fade out within one tick, as the seat is taken away. What is said aside does not turn into the rest."""
        if self.talking:
            self._mute = Fader(0.0)
            self._talk.aim(0.0, MUTE_MS)
        self._mute.aim(0.0, MUTE_MS)

    def listen(self) -> None:
        """Take this tick's sound from the peer, which must be asked once a tick whoever listens."""
        self.air = self.switch.gains()
        talking, pulled = self.talking, None if self.peer is None else self.peer.pull()
        self.private.tick(pulled)
        kept = 0.0 if self.works_the_show else self._mute.gains()
        self._talk_gains = self._talk.gains()
        if talking:
            self.came, self._open = pulled, kept * (1.0 - self._talk_gains)
        else:
            self.came, self._open = None if pulled is None else _through(pulled, kept), 1.0
        self.voice = self.aside = None
        self.meter.push(self.came)

    def send(self, packet: bytes) -> None:
        if self.peer is not None:
            self.peer.send(packet)

    def track_position(self, position: int) -> int | None:
        """Where in the programme a packet played at `position` belongs; None: it has no room there any more.

        Two packets may be played in one tick, to shorten the delay: they lie one after another on the track,
        at most 200 ms ahead of the clock, until a lost packet leaves its gap.
        """
        placed = max(position, self._track_next)
        if placed - position > TRACK_SLACK:
            return None
        self._track_next = placed + TICK
        return placed
