"""Sound in: what a stock aiortc speaker says through WHIP is what the mixer gets."""

import asyncio
import socket
from collections.abc import Mapping

import numpy as np
import pytest
from tests.support.hearing import Samples, Score, score
from tests.support.uplink import RawVoice, Stage, StockSpeaker, level

SILENCE = np.zeros(24_000, np.float32)
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000 * 4) / 48_000)).astype(np.float32)


async def raw_speaker(door: Stage, seat: str = "raw") -> tuple[StockSpeaker, RawVoice]:
    speaker = StockSpeaker(door, seat)
    await speaker.connect()
    await door.connected(seat)
    return speaker, RawVoice(speaker)


async def scores(door: Stage, spoken: Mapping[str, Samples], attempt: int) -> dict[str, Score]:
    seats = {name: f"{name}-{attempt}" for name in spoken}
    speakers = {name: StockSpeaker(door, seats[name], np.concatenate((SILENCE, spoken[name]))) for name in spoken}
    for name, speaker in speakers.items():
        await speaker.connect()
        await door.connected(seats[name])
    await door.listen(next(iter(seats.values())), max(len(sound) for sound in spoken.values()) / 48_000 + 1.5)
    for speaker in speakers.values():
        await speaker.close()
    heard = {name: door.ear(seats[name]).sound for name in spoken}
    return {name: await asyncio.to_thread(score, sound, heard[name]) for name, sound in spoken.items()}


@pytest.mark.timeout(180)
async def test_every_voice_is_heard_as_it_was_spoken(door: Stage, spoken: Mapping[str, Samples]) -> None:
    """Three attempts a voice: a test machine that stood still for 100 ms is a bad network, not a bad codec."""
    wanted = dict(spoken)
    for attempt in range(3):
        results = await scores(door, wanted, attempt)
        wanted = {name: sound for name, sound in wanted.items() if not results[name].is_good}
        if not wanted:
            return
    pytest.fail(f"{results}, ticks late by up to {door.room.latest:.3f} s")


async def test_a_voice_is_told_from_another(spoken: Mapping[str, Samples]) -> None:
    """The twin of the test above: the score can fail."""
    one, other = spoken["en-us"], spoken["de"]
    assert score(other, one).pesq < 2.0
    assert score(one, np.zeros_like(one)).pesq == 0.0


async def test_packets_of_padding_alone_do_not_silence_a_speaker(door: Stage) -> None:
    speaker, voice = await raw_speaker(door)
    await voice.tone(1.0)
    before = level(door.ear("raw").sound[-24_000:])
    for _ in range(20):
        await voice.empty()
    await voice.tone(1.0)
    health = door.ear("raw").peer.health()
    assert before == pytest.approx(0.21, abs=0.03)
    assert level(door.ear("raw").sound[-24_000:]) == pytest.approx(before, rel=0.1)
    assert health.packets == 120
    assert health.frames > 85
    assert b"" not in door.ear("raw").packets
    await speaker.close()


async def test_payloads_that_are_no_opus_do_not_silence_a_speaker(door: Stage) -> None:
    speaker, voice = await raw_speaker(door)
    await voice.tone(0.6)
    for junk in (b"\xff", b"\x03", b"\xff\xff\xff"):
        await voice.send(voice.packet(junk))
    await voice.tone(0.8)
    assert level(door.ear("raw").sound[-12_000:]) == pytest.approx(0.21, abs=0.03)
    await speaker.close()


async def test_datagrams_from_strangers_do_not_silence_a_speaker(door: Stage) -> None:
    speaker, voice = await raw_speaker(door)
    await voice.tone(0.6)
    pair = speaker.pc.getSenders()[0].transport.transport._connection._nominated[1]
    stranger = socket.socket(socket.AF_INET6 if ":" in pair.remote_addr[0] else socket.AF_INET, socket.SOCK_DGRAM)
    for junk in (b"", b"\x16", b"\x80\x60" + bytes(30), b"\x00\x01" + bytes(18), b"\xff" * 1400, b"\x17" * 400):
        for _ in range(50):
            stranger.sendto(junk, pair.remote_addr)
    await voice.tone(0.8)
    assert level(door.ear("raw").sound[-12_000:]) == pytest.approx(0.21, abs=0.03)
    assert door.ear("raw").peer.health().state == "connected"
    stranger.close()
    await speaker.close()


async def test_recorded_packets_are_those_that_were_sent_in_order(door: Stage) -> None:
    speaker, voice = await raw_speaker(door)
    await voice.tone(1.0)
    ear = door.ear("raw")
    await door.listen("raw", 0.4)
    assert len(ear.packets) == 50
    assert all(ear.packets)
    await speaker.close()


async def test_the_speaker_hears_what_the_mixer_sends(door: Stage) -> None:
    speaker = StockSpeaker(door, "ann", TONE)
    await speaker.connect()
    await door.connected("ann")
    await door.listen("ann", 1.5)
    heard = np.concatenate(speaker.heard)
    spectrum = np.abs(np.fft.rfft(heard[-24_000:]))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=5)
    assert level(heard[-24_000:]) == pytest.approx(0.14, rel=0.15)
    await speaker.close()


async def test_a_speaker_that_only_sends_is_sent_no_sound_but_reports(door: Stage) -> None:
    speaker = StockSpeaker(door, "obs", TONE)
    await speaker.connect("sendonly", video=True)
    await door.connected("obs")
    assert level((await door.listen("obs", 2.5))[-24_000:]) > 0.1
    assert speaker.heard == []
    reports = [s for s in (await speaker.pc.getStats()).values() if s.type == "remote-inbound-rtp"]
    assert reports
    assert reports[0].packetsLost == 0
    await speaker.close()


async def test_a_new_session_takes_the_seat_over(door: Stage) -> None:
    first, second = StockSpeaker(door, "ann", TONE), StockSpeaker(door, "ann", TONE)
    await first.connect()
    old = await door.connected("ann")
    await door.listen("ann", 0.5)
    await second.connect()
    new = await door.connected("ann", sessions=2)
    await door.room.until(lambda: old.peer in door.room.detached)
    assert new.peer is not old.peer
    assert level((await door.listen("ann", 1.0))[-12_000:]) > 0.1
    assert old.peer.health().state == "closed"
    await first.close()
    await second.close()


async def test_a_speaker_that_leaves_is_noticed_at_once(door: Stage) -> None:
    speaker = StockSpeaker(door, "ann", TONE)
    await speaker.connect()
    ear = await door.connected("ann")
    await speaker.close()
    await door.room.until(lambda: ear.peer in door.room.detached)
    assert door.sessions.find(ear.peer.session) is None
