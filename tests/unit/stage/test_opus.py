"""What the mixer relies on in the codec."""

import numpy as np
import pytest

from hustings.audio.level import Samples
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.opus import OpusDecoder, OpusEncoder, OpusError, opus_version, packet_samples


def tone(blocks: int, hertz: float = 440.0) -> list[Samples]:
    time = np.arange(blocks * TICK) / SAMPLE_RATE
    sound = (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)
    return list(sound.reshape(blocks, TICK))


def level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def coded(**settings: int) -> list[bytes]:
    encoder = OpusEncoder(bitrate=64_000, **settings)  # type: ignore[arg-type]
    return [encoder.encode(block) for block in tone(20)]


def test_a_library_is_found() -> None:
    assert "opus" in opus_version()


def test_a_tone_comes_back_as_loud_as_it_went_in() -> None:
    decoder = OpusDecoder()
    decoded = [decoder.decode(packet) for packet in coded()]
    assert all(block.shape == (TICK,) and block.dtype == np.float32 for block in decoded)
    assert level(decoded[-1]) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_silence_is_still_transmitted() -> None:
    encoder = OpusEncoder()
    packets = [encoder.encode(np.zeros(TICK, dtype=np.float32)) for _ in range(60)]
    assert min(map(len, packets)) > 2


def test_the_bitrate_is_what_was_asked() -> None:
    rng = np.random.default_rng(1)
    encoder = OpusEncoder(bitrate=32_000)
    noise = [rng.normal(0, 0.1, TICK).astype(np.float32) for _ in range(100)]
    assert sum(len(encoder.encode(block)) for block in noise) * 8 / 2.0 == pytest.approx(32_000, rel=0.15)


def test_a_lost_packet_is_concealed_with_sound() -> None:
    decoder = OpusDecoder()
    for packet in coded():
        decoder.decode(packet)
    assert level(decoder.decode(None)) > 0.1


def test_the_packet_after_a_loss_restores_it() -> None:
    rng = np.random.default_rng(2)
    blocks = [(rng.normal(0, 0.2, TICK) * (n % 4 == 0)).astype(np.float32) for n in range(12)]
    encoder = OpusEncoder(bitrate=48_000, expected_loss=30)
    packets = [encoder.encode(block) for block in blocks]
    restored, concealed = OpusDecoder(), OpusDecoder()
    for packet in packets[:8]:
        restored.decode(packet)
        concealed.decode(packet)
    assert level(restored.decode(packets[9], fec=True)) > 3 * level(concealed.decode(None))


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x03", b"\xff" * 3])
def test_what_is_no_opus_is_refused_and_decoding_goes_on(payload: bytes) -> None:
    decoder = OpusDecoder()
    packets = coded()
    decoder.decode(packets[0])
    with pytest.raises(OpusError):
        decoder.decode(payload)
    for packet in packets[1:]:
        last = decoder.decode(packet)
    assert level(last) > 0.15


def test_a_packet_tells_its_length() -> None:
    assert packet_samples(coded()[0]) == TICK
    for hollow in (b"", b"\x03", b"\x03\x00"):
        with pytest.raises(OpusError):
            packet_samples(hollow)
