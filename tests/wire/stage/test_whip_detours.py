"""A network that reorders packets and brings some twice, before the real stage: nothing is lost, or heard twice."""

import numpy as np
import pytest
from tests.support.bad_network import Detour, Way, connect_through
from tests.support.hearing import Samples
from tests.support.uplink import TICK, RawVoice, Stage, StockSpeaker, level


def tones(sound: Samples) -> float:
    """The share of 20 ms blocks that hold the voice's tone."""
    blocks = sound[: len(sound) // 960 * 960].reshape(-1, 960)
    return float(np.mean([level(block) > 0.1 for block in blocks]))


PACKETS = 75
UNDER_WAY = 5  # packets, when the relay closes


@pytest.mark.parametrize("detour", [Detour(share=0.2, later=0.030), Detour(twice=0.3, later=0.010)])
async def test_what_comes_late_or_twice_is_played_once_and_in_time(door: Stage, detour: Detour) -> None:
    speaker = StockSpeaker(door, "ann")
    relay = await connect_through(speaker, Way(detour=detour), Way())
    ear = await door.connected("ann")
    await RawVoice(speaker).tone(PACKETS * TICK)
    health = ear.peer.health()
    relay.close()
    await speaker.close()
    assert detour.overtaken + detour.repeated > 10
    assert PACKETS - UNDER_WAY <= health.packets <= PACKETS
    assert health.loss < 0.05
    if door.room.latest < 0.1:  # else the machine is the network
        assert health.frames > PACKETS - 2 * UNDER_WAY
        assert tones(ear.sound[-36_000:]) > 0.9
