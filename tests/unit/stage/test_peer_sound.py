"""How a voice sounds after packets, buffer and decoder, in virtual time: the same on any machine, however busy."""

import random
from collections.abc import Mapping

import numpy as np
import pytest
from tests.support.hearing import Samples, score, voices
from tests.support.memory_wire import MemoryWire

from hustings.audio.rtp import RtpPacket, build_rtp
from hustings.base.clock import ManualClock
from hustings.stage.opus import OpusEncoder
from hustings.stage.peer import Negotiated, Peer

PAD = np.zeros(9600, np.float32)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


def through(sound: Samples, *, expected_loss: int = 0, lost: float = 0.0, jitter: float = 0.0) -> Samples:
    """What the mixer pulls of `sound`, sent at 64 kbit/s over a network that loses and delays at random."""
    clock, wire, chance = ManualClock(), MemoryWire(), random.Random(7)
    peer = Peer("session", wire, Negotiated(111), clock)
    peer.opened()
    encoder = OpusEncoder(expected_loss=expected_loss)
    whole = np.concatenate((PAD, sound, PAD, np.zeros(-len(sound) % 960, np.float32)))
    packets = []
    for n, block in enumerate(whole.reshape(-1, 960)):
        data = build_rtp(RtpPacket(111, n, n * 960, 9, encoder.encode(block)))
        packets += [(n * 0.02 + chance.random() * jitter, data)] if chance.random() >= lost else []
    packets.sort(reverse=True)
    pulled = []
    for _ in range(len(whole) // 960 + 15):
        while packets and packets[-1][0] <= clock.monotonic():
            wire.deliver(packets.pop()[1])
        heard = peer.pull()
        pulled.append(heard if heard is not None else np.zeros(960, np.float32))
        clock.advance(0.02)
    return np.concatenate(pulled)


def test_a_clean_network_is_hardly_heard(spoken: Mapping[str, Samples]) -> None:
    for name, sound in spoken.items():
        assert score(sound, through(sound)).is_good, name


def test_jitter_within_the_buffer_is_not_heard(spoken: Mapping[str, Samples]) -> None:
    assert score(spoken["de"], through(spoken["de"], jitter=0.03)).is_good


def test_redundancy_repairs_one_packet_in_twenty(spoken: Mapping[str, Samples]) -> None:
    repaired = score(spoken["de"], through(spoken["de"], expected_loss=10, lost=0.05))
    concealed = score(spoken["de"], through(spoken["de"], expected_loss=0, lost=0.05))
    assert repaired.pesq > 3.2
    assert repaired.stoi > 0.98
    assert concealed.pesq < repaired.pesq - 0.5
