"""How speakers sound to the mixer: PESQ-wb and STOI per voice, from a stock aiortc client and from Chromium.

Run from the repository: `.venv/bin/python -m bench.uplink [--json]`. Clean network, browser processing off.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tests.support.browser_speaker import ROOM, browser_speaker
from tests.support.hearing import Samples, Score, score, voices
from tests.support.uplink import Stage, StockSpeaker, stage

LEAD = np.zeros(24_000, np.float32)


async def from_aiortc(door: Stage, spoken: Mapping[str, Samples]) -> dict[str, Score]:
    """All voices at once, each on its own seat."""
    speakers = {name: StockSpeaker(door, name, np.concatenate((LEAD, sound))) for name, sound in spoken.items()}
    for name, speaker in speakers.items():
        await speaker.connect()
        await door.connected(name)
    await door.listen(next(iter(spoken)), max(map(len, spoken.values())) / 48_000 + 1.5)
    scores = {name: score(sound, door.ear(name).sound) for name, sound in spoken.items()}
    for speaker in speakers.values():
        await speaker.close()
    return scores


async def from_chromium(door: Stage, spoken: Mapping[str, Samples], folder: Path) -> dict[str, Score]:
    """One browser after another: its microphone is a flag of its start."""
    scores = {}
    for name, sound in spoken.items():
        seat = f"chromium-{name}"
        async with browser_speaker(door, seat, sound, folder):
            await door.connected(seat)
            await door.listen(seat, 2 * (len(sound) / 48_000 + 2 * ROOM))
        scores[name] = score(sound, door.ear(seat).sound)
    return scores


async def measure() -> dict[str, dict[str, Score]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spoken = voices(folder)
        async with stage() as door:
            aiortc = await from_aiortc(door, spoken)
        async with stage() as door:
            return {"aiortc": aiortc, "chromium": await from_chromium(door, spoken, folder)}


def main() -> None:
    results = asyncio.run(measure())
    if "--json" in sys.argv:
        rows = {c: {v: [s.pesq, s.stoi] for v, s in scores.items()} for c, scores in results.items()}
        print(json.dumps(rows))
        return
    print("uplink: speaker -> WHIP -> jitter buffer -> decoder, clean network")
    for client, scores in results.items():
        for voice, result in scores.items():
            print(f"  {client:9} {voice:10} {result}")


if __name__ == "__main__":
    main()
