"""Verdicts on voices: real speech made worse in one way at a time, through the codec that carries it."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import butter, resample_poly, sosfilt
from tests.support.hearing import voices
from tests.support.talkers import cut, hands_free

from hustings.audio.health import VoiceHealth
from hustings.audio.level import Samples
from hustings.audio.mix import SILENCE
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.opus import OpusDecoder, OpusEncoder

WITHIN = 5 * 50  # ticks: five seconds


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Samples]:
    return voices(tmp_path_factory.mktemp("voices"))


def ticks(sound: npt.NDArray[np.floating], *, bitrate: int = 32_000) -> list[Samples]:
    """As the stage hears them."""
    encoder, decoder = OpusEncoder(bitrate=bitrate), OpusDecoder()
    blocks = sound[: len(sound) // TICK * TICK].astype(np.float32).reshape(-1, TICK)
    return [decoder.decode(encoder.encode(block)) for block in blocks]


@pytest.mark.parametrize("bitrate", [24_000, 64_000])
@pytest.mark.parametrize("dull", [hands_free, cut])
def test_a_telephone_voice_is_told_within_five_seconds(dull: object, bitrate: int, said: dict[str, Samples]) -> None:
    assert callable(dull)
    for name, sound in said.items():
        health = VoiceHealth()
        for tick in ticks(dull(sound)[: WITHIN * TICK], bitrate=bitrate):
            health.push(tick, SILENCE)
        assert health.narrowband, name


@pytest.mark.parametrize("bitrate", [24_000, 64_000])
def test_a_full_voice_is_never_called_a_telephone(bitrate: int, said: dict[str, Samples]) -> None:
    for name, sound in said.items():
        health = VoiceHealth()
        for number, tick in enumerate(ticks(np.tile(sound, 3), bitrate=bitrate)):
            health.push(tick, SILENCE)
            assert not health.narrowband, (name, number * TICK / SAMPLE_RATE)


def test_a_wideband_voice_is_no_telephone(said: dict[str, Samples]) -> None:
    """What a headset of the better kind gives: 16 kHz."""
    for name, sound in said.items():
        health = VoiceHealth()
        for tick in ticks(resample_poly(resample_poly(sound, 1, 3), 3, 1)):
            health.push(tick, SILENCE)
            assert not health.narrowband, name


@pytest.mark.parametrize("dull", [cut, hands_free])
def test_a_voice_that_was_full_is_told_within_five_seconds_of_talk_wherever_they_begin(
    dull: object, said: dict[str, Samples]
) -> None:
    assert callable(dull)
    for name, sound in said.items():
        for begins in (0, 1, 3, 4):
            health = VoiceHealth()
            at = -begins * SAMPLE_RATE
            for spoken, narrow in ((np.roll(sound, at), False), (np.roll(dull(sound), at), True)):
                for tick in np.resize(spoken, WITHIN * TICK).reshape(-1, TICK):
                    health.push(tick, SILENCE)
                assert health.narrowband is narrow, (name, begins)


def test_a_verdict_follows_when_the_microphone_is_changed(said: dict[str, Samples]) -> None:
    health = VoiceHealth()
    for tick in ticks(hands_free(said["en-us"])[: WITHIN * TICK]):
        health.push(tick, SILENCE)
    assert health.narrowband
    for tick in ticks(said["en-us"][: WITHIN * TICK]):
        health.push(tick, SILENCE)
    assert not health.narrowband


def test_a_microphone_that_is_switched_off_is_dead_within_five_seconds_and_a_quiet_room_is_not() -> None:
    off, room = VoiceHealth(), VoiceHealth()
    noise = np.random.default_rng(1).normal(0, 0.0002, WITHIN * TICK)
    for tick in ticks(np.zeros(WITHIN * TICK, np.float32)):
        off.push(tick, SILENCE)
    for tick in ticks(noise):
        room.push(tick, SILENCE)
    assert off.dead
    assert not room.dead


def test_clipping_is_told_and_a_loud_voice_is_not(said: dict[str, Samples]) -> None:
    loud = said["en-us"] / np.abs(said["en-us"]).max() * 0.9
    clipped = np.clip(loud * 6, -1, 1)
    for sound, expected in ((loud, False), (clipped, True)):
        health, found = VoiceHealth(), False
        for tick in ticks(sound[: WITHIN * TICK], bitrate=64_000):
            health.push(tick, SILENCE)
            found |= health.clipping
        assert found is expected


def _returned(sound: Samples, delay: int, loudness: float) -> Samples:
    """What a laptop's loudspeaker gives back to its microphone: late, quieter, thinner."""
    thin = sosfilt(butter(2, (300, 5000), "bandpass", fs=SAMPLE_RATE, output="sos"), sound)
    return np.asarray(np.concatenate((np.zeros(delay), thin))[: len(sound)] * loudness, np.float32)


@pytest.mark.parametrize("delay", [0.06, 0.2, 0.55])
@pytest.mark.parametrize("loudness", [0.05, 0.5])
def test_an_echo_is_told_within_five_seconds(delay: float, loudness: float, said: dict[str, Samples]) -> None:
    sent = said["en-us"][: WITHIN * TICK]
    noise = np.random.default_rng(2).normal(0, 0.0003, len(sent))
    health = VoiceHealth()
    for heard, back in zip(
        ticks(sent), ticks(_returned(sent, round(delay * SAMPLE_RATE), loudness) + noise), strict=True
    ):
        health.push(back, heard)
    assert health.echoes


@pytest.mark.parametrize("other", ["en-gb+f3", "de"])
def test_two_who_talk_at_once_are_no_echo(other: str, said: dict[str, Samples]) -> None:
    health = VoiceHealth()
    length = 12 * SAMPLE_RATE
    for heard, own in zip(
        ticks(np.resize(said["en-us"], length)), ticks(np.resize(said[other], length)), strict=True
    ):
        health.push(own, heard)
        assert not health.echoes


def test_two_who_talk_in_turn_are_no_echo(said: dict[str, Samples]) -> None:
    health = VoiceHealth()
    length = 20 * SAMPLE_RATE
    turn = (np.arange(length) // (2 * SAMPLE_RATE)) % 2
    one, other = np.resize(said["en-us"], length) * turn, np.resize(said["de"], length) * (1 - turn)
    for heard, own in zip(ticks(one), ticks(other), strict=True):
        health.push(own, heard)
        assert not health.echoes


def test_who_listens_in_silence_is_no_echo(said: dict[str, Samples]) -> None:
    health = VoiceHealth()
    noise = np.random.default_rng(1).normal(0, 0.001, 10 * SAMPLE_RATE)
    for heard, own in zip(ticks(np.resize(said["en-us"], len(noise))), ticks(noise), strict=True):
        health.push(own, heard)
    assert not health.echoes
