"""How speakers sound to the mixer: PESQ-wb and STOI per voice, from a stock aiortc client and from Chromium.

Run from the repository: `.venv/bin/python -m bench.uplink [--json]`. Clean network, browser processing off. It says
how late the measuring machine's own ticks were: above 100 ms the figures are those of a busy machine.
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
    for speaker in speakers.values():
        await speaker.close()
    heard = {name: door.ear(name).sound for name in spoken}
    return {name: await asyncio.to_thread(score, sound, heard[name]) for name, sound in spoken.items()}


async def from_chromium(door: Stage, spoken: Mapping[str, Samples], folder: Path) -> dict[str, Score]:
    """One browser after another: its microphone is a flag of its start."""
    scores = {}
    for name, sound in spoken.items():
        seat = f"chromium-{name}"
        async with browser_speaker(door, seat, sound, folder):
            await door.connected(seat)
            await door.listen(seat, 2 * (len(sound) / 48_000 + 2 * ROOM))
        scores[name] = await asyncio.to_thread(score, sound, door.ear(seat).sound)
    return scores


async def measure() -> tuple[dict[str, dict[str, Score]], float]:
    """The scores of each client's voices, and the seconds by which ticks were late at most."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spoken = voices(folder)
        async with stage() as door:
            aiortc = await from_aiortc(door, spoken)
        async with stage() as other:
            chromium = await from_chromium(other, spoken, folder)
        return {"aiortc": aiortc, "chromium": chromium}, max(door.room.latest, other.room.latest)


def main() -> None:
    results, late = asyncio.run(measure())
    if "--json" in sys.argv:
        rows = {c: {v: [s.pesq, s.stoi] for v, s in scores.items()} for c, scores in results.items()}
        print(json.dumps({"scores": rows, "ticks_late_s": late}))
        return
    print("uplink: speaker -> WHIP -> jitter buffer -> decoder, clean network")
    print(f"  the measuring machine's ticks were late by up to {late * 1000:.0f} ms")
    for client, scores in results.items():
        for voice, result in scores.items():
            print(f"  {client:9} {voice:10} {result}")


if __name__ == "__main__":
    main()
