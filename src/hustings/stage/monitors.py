"""What each person on stage hears, and the conversation they make together.

Those on air hear the conversation; those backstage hear it and each other; nobody hears themselves. Whoever
says nothing gets the shared packet of their bus, encoded once. A word in somebody's ear comes over all that.
Backstage sound is not in `conversation`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hustings.audio.health import Examine
from hustings.audio.level import Samples
from hustings.audio.limiter import Limiter, limit
from hustings.audio.mix import SILENCE, add, minus
from hustings.audio.riding import ride
from hustings.stage.chair import Chair, Encoder, WarmEncoder
from hustings.stage.talkback import Talkback

WARMING = 3  # ticks an encoder is run over before its first packet


class Bus:
    """One mix that several people may hear whole."""

    def __init__(self, make_encoder: Callable[[], Encoder]) -> None:
        self.limiter = Limiter()
        self.before: deque[Samples] = deque([SILENCE] * WARMING, WARMING)
        self._encoder = WarmEncoder(make_encoder)
        self.sound = SILENCE
        self._packet: bytes | None = None

    def carry(self, limited: Samples) -> None:
        """This tick's sound. What was carried the tick before becomes what an encoder is warmed with."""
        self.before.append(self.sound)
        self.sound, self._packet = limited, None

    def packet(self, tick: int) -> bytes:
        if self._packet is None:
            self._packet = self._encoder.encode(tick, self.sound, self.before)
        return self._packet


@dataclass(frozen=True, slots=True)
class Mixes:
    """All of one tick: what is said on air, what is said backstage, and both."""

    conversation: Samples
    backstage: Samples
    everything: Samples


class Hearing:
    """What one chair is sent in this tick: the whole of a bus, or a mix of its own. `sound` is that, limited."""

    def __init__(self, chair: Chair, bus: Bus, mix: Samples | None) -> None:
        self.chair = chair
        self.bus = bus
        self.mix = mix
        self.sound = SILENCE

    def packet(self, tick: int) -> bytes:
        if self.mix is None:
            return self.bus.packet(tick)
        return self.chair.encoder.encode(tick, self.sound, self.bus.before)


def _parts(chair: Chair) -> tuple[Samples | None, Samples | None]:
    """A voice split by its switch: what goes to the conversation and what stays backstage."""
    voice, air = chair.voice, chair.air
    if voice is None:
        return None, None
    if isinstance(air, float):
        return (voice, None) if air == 1.0 else (None, voice)
    return voice * air, voice * (np.float32(1.0) - air)


class Monitors:
    """Mixes one Space's chairs, tick by tick."""

    def __init__(self, make_encoder: Callable[[], Encoder], talkback: Talkback, examine: Examine) -> None:
        self._examine = examine
        self._talkback = talkback
        self._on_air = Bus(make_encoder)
        self._everyone = Bus(make_encoder)
        self._tick = 0

    def tick(self, chairs: Sequence[Chair]) -> Samples:
        """Hear every chair once, send every chair what it should hear; gives the conversation, read-only."""
        self._tick += 1
        for chair in chairs:
            chair.listen()
        _ride(chairs)
        parts = [_parts(chair) for chair in chairs]
        conversation = add([aired for aired, _ in parts if aired is not None])
        backstage = add([kept for _, kept in parts if kept is not None])
        mixes = Mixes(conversation, backstage, conversation + backstage)
        hearings = [
            self._hearing(chair, part, mixes)
            for chair, part in zip(chairs, parts, strict=True)
            if chair.peer is not None
        ]
        self._limit(hearings, mixes)
        self._look_at(hearings)
        for hearing in hearings:
            hearing.chair.send(hearing.packet(self._tick))
        return conversation

    def _hearing(self, chair: Chair, part: tuple[Samples | None, Samples | None], mixes: Mixes) -> Hearing:
        """The mix it is due, with what is for its ears alone over it."""
        private = chair.private.sound
        if private is not None and chair.private.alone:
            return Hearing(chair, self._everyone, private)
        bus, whole, mix = self._due(chair, part, mixes)
        talked = self._talkback.over(chair, whole if mix is None else mix)
        mix = mix if talked is None else talked
        if private is not None:
            mix = (whole if mix is None else mix) + private
        return Hearing(chair, bus, mix)

    def _due(
        self, chair: Chair, part: tuple[Samples | None, Samples | None], mixes: Mixes
    ) -> tuple[Bus, Samples, Samples | None]:
        """A bus, all that it carries, and instead of that a mix of the chair's own."""
        aired, kept = part
        if not isinstance(chair.air, float):
            fading = (np.float32(1.0) - chair.air) * minus(mixes.backstage, kept)
            return self._everyone, mixes.everything, minus(mixes.conversation, aired) + fading
        bus, whole, own = (
            (self._on_air, mixes.conversation, aired)
            if chair.air == 1.0
            else (self._everyone, mixes.everything, kept)
        )
        return bus, whole, whole - own if own is not None and chair.meter.audible else None

    def _limit(self, hearings: Sequence[Hearing], mixes: Mixes) -> None:
        own = [(hearing, hearing.mix) for hearing in hearings if hearing.mix is not None]
        limiters = [self._on_air.limiter, self._everyone.limiter, *(hearing.chair.limiter for hearing, _ in own)]
        sounds = [mixes.conversation, mixes.everything, *(mix for _, mix in own)]
        on_air, everyone, *limited = limit(limiters, sounds)
        self._on_air.carry(on_air)
        self._everyone.carry(everyone)
        for (hearing, _), sound in zip(own, limited, strict=True):
            hearing.sound = sound
        for hearing in hearings:
            if hearing.mix is None:
                hearing.chair.limiter.follow(hearing.bus.limiter)
                hearing.sound = hearing.bus.sound

    def _look_at(self, hearings: Sequence[Hearing]) -> None:
        """At what came of each seat, beside what it is sent."""
        heard = [(h.chair.health, h.chair.came, h.sound) for h in hearings if h.chair.came is not None]
        if heard:
            self._examine(*zip(*heard, strict=True))


def _ride(chairs: Sequence[Chair]) -> None:
    """Make all voices as loud as each other."""
    speaking = [(chair, chair.came) for chair in chairs if chair.came is not None]
    if speaking:
        voices = ride([chair.rider for chair, _ in speaking], [came for _, came in speaking])
        for (chair, _), voice in zip(speaking, voices, strict=True):
            chair.ride(voice)
