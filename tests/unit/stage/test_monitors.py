"""Somebody who begins to speak is given an encoder of their own, and hears no click when that happens."""

import numpy as np

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.chair import WarmEncoder
from hustings.stage.monitors import WARMING
from hustings.stage.opus import OpusDecoder, OpusEncoder

TICKS, SWITCH = 100, 60


def chord() -> list[Samples]:
    at = np.arange(TICKS * TICK) / SAMPLE_RATE
    sound = sum(0.1 * np.sin(2 * np.pi * hertz * at) for hertz in (220.0, 331.0, 555.0))
    return list(np.asarray(sound, dtype=np.float32).reshape(TICKS, TICK))


def heard(*, warm: bool) -> Samples:
    """A listener's stream: the shared encoder's until SWITCH, then one of their own that rested until then."""
    blocks = chord()
    shared, own, decoder = OpusEncoder(), WarmEncoder(OpusEncoder), OpusDecoder()
    packets = [shared.encode(block) for block in blocks[:SWITCH]]
    for tick in range(SWITCH, TICKS):
        before = blocks[tick - WARMING : tick] if warm else []
        packets.append(own.encode(tick, blocks[tick], before))
    return np.concatenate([decoder.decode(packet) for packet in packets])


def unswitched() -> Samples:
    shared, decoder = OpusEncoder(), OpusDecoder()
    return np.concatenate([decoder.decode(shared.encode(block)) for block in chord()])


def glitch(sound: Samples) -> float:
    """How far the frames around the switch are from a stream that was never switched."""
    around = slice(SWITCH * TICK, (SWITCH + 2) * TICK)
    return float(np.sqrt(np.mean((sound - unswitched())[around] ** 2)))


def test_an_encoder_that_rested_takes_over_without_a_glitch() -> None:
    cold, warm = glitch(heard(warm=False)), glitch(heard(warm=True))
    assert warm < 0.5 * cold
    assert warm < 0.02


def test_an_encoder_in_use_is_not_warmed_again() -> None:
    made: list[int] = []

    class Counting:
        def encode(self, samples: Samples) -> bytes:
            made.append(1)
            return b""

    encoder, block = WarmEncoder(Counting), np.zeros(TICK, np.float32)
    for tick in range(5):
        encoder.encode(tick, block, [block, block])
    assert len(made) == 7
    encoder.encode(9, block, [block, block])
    assert len(made) == 10
