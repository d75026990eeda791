"""A real browser at the WHIP door: heard as it speaks, and it hears what it is sent."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.browser_speaker import ROOM, browser_speaker
from tests.support.hearing import Samples, score
from tests.support.uplink import Stage


@pytest.mark.timeout(120)
async def test_a_browser_is_heard_as_it_speaks_and_hears(
    door: Stage, spoken: Mapping[str, Samples], tmp_path: Path
) -> None:
    """Its microphone plays the voice over and over: up to three attempts, since a test machine that
    stood still for 100 ms is a bad network, not a bad codec."""
    voice = spoken["de"]
    round_trip = len(voice) / 48_000 + 2 * ROOM
    async with browser_speaker(door, "ann", voice, tmp_path) as speaker:
        ear = await door.connected("ann")
        result = await asyncio.to_thread(score, voice, await door.listen("ann", 2 * round_trip))
        for _ in range(2):
            if not result.is_good:
                result = await asyncio.to_thread(score, voice, await door.listen("ann", 2 * round_trip))
        statistics = await speaker.statistics()
        health = ear.peer.health()
    assert result.is_good, (result, door.room.latest)
    assert health.restarts == 0
    assert statistics["codec111"]["sdpFmtpLine"].count("useinbandfec=1") == 1
    assert statistics["inbound-rtp"]["packetsReceived"] > 100
    assert statistics["remote-inbound-rtp"]["packetsLost"] == 0
    assert statistics["remote-inbound-rtp"]["roundTripTime"] == pytest.approx(0, abs=0.2)


async def test_a_browser_that_goes_away_frees_the_seat(
    door: Stage, spoken: Mapping[str, Samples], tmp_path: Path
) -> None:
    async with browser_speaker(door, "ann", spoken["de"], tmp_path) as speaker:
        ear = await door.connected("ann")
        await speaker.page.evaluate("window.peer.close()")
        await door.room.until(lambda: ear.peer in door.room.detached)
