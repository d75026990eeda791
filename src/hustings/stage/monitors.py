"""What each person on stage hears, and the conversation they make together.

Those on air hear the conversation; those backstage hear it and each other; nobody hears themselves. Whoever
says nothing gets the shared packet of their bus, encoded once. Backstage sound is not in `conversation`.
"""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from hustings.audio.level import Samples
from hustings.audio.limiter import Limiter
from hustings.audio.mix import SILENCE, add, minus
from hustings.stage.chair import Chair, Encoder, WarmEncoder

WARMING = 3  # ticks an encoder is run over before its first packet


class Bus:
    """One mix that several people may hear whole."""

    def __init__(self, make_encoder: Callable[[], Encoder]) -> None:
        self.limiter = Limiter()
        self.before: deque[Samples] = deque([SILENCE] * WARMING, WARMING)
        self._encoder = WarmEncoder(make_encoder)
        self._raw = self._limited = SILENCE
        self._packet: bytes | None = None

    def carry(self, samples: Samples) -> None:
        """This tick's sound. What was carried the tick before becomes what an encoder is warmed with."""
        self.before.append(self._limited)
        self._limited = self.limiter.tick(samples)
        self._raw, self._packet = samples, None

    def packet(self, tick: int) -> bytes:
        if self._packet is None:
            self._packet = self._encoder.encode(tick, self._limited, self.before)
        return self._packet

    def packet_for(self, chair: Chair, own: Samples | None, tick: int) -> bytes:
        """What `chair`, whose part of this bus is `own`, hears of it."""
        if own is None or not chair.meter.audible:
            chair.limiter.follow(self.limiter)
            chair.judge(self._limited)
            return self.packet(tick)
        return self.encoded(chair, minus(self._raw, own), tick)

    def encoded(self, chair: Chair, heard: Samples, tick: int) -> bytes:
        limited = chair.limiter.tick(heard)
        chair.judge(limited)
        return chair.encoder.encode(tick, limited, self.before)


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

    def __init__(self, make_encoder: Callable[[], Encoder]) -> None:
        self._on_air = Bus(make_encoder)
        self._everyone = Bus(make_encoder)
        self._tick = 0

    def tick(self, chairs: Sequence[Chair]) -> Samples:
        """Hear every chair once, send every chair what it should hear; gives the conversation, read-only."""
        self._tick += 1
        for chair in chairs:
            chair.listen()
        parts = [_parts(chair) for chair in chairs]
        conversation = add([aired for aired, _ in parts if aired is not None])
        backstage = add([kept for _, kept in parts if kept is not None])
        self._on_air.carry(conversation)
        self._everyone.carry(conversation + backstage)
        for chair, (aired, kept) in zip(chairs, parts, strict=True):
            if chair.peer is not None:
                chair.send(self._heard_by(chair, aired, kept, conversation, backstage))
        return conversation

    def _heard_by(
        self, chair: Chair, aired: Samples | None, kept: Samples | None, conversation: Samples, backstage: Samples
    ) -> bytes:
        if isinstance(chair.air, float):
            bus, own = (self._on_air, aired) if chair.air == 1.0 else (self._everyone, kept)
            return bus.packet_for(chair, own, self._tick)
        fading = (np.float32(1.0) - chair.air) * minus(backstage, kept)
        return self._everyone.encoded(chair, minus(conversation, aired) + fading, self._tick)
