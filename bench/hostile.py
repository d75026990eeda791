"""Two honest people talk while the stage they talk on is attacked, each attack for ten seconds: what they hear of it.

Run from the repository: `.venv/bin/python -m bench.hostile [--quick] [--json]`. Prints for each attack, and for none:
by how much a tick came late and how long the longest took (by the clock, and in CPU time of the stage), what the
stage's memory grew by, and PESQ-wb of what the mixer was given of the honest. Everybody is on one machine; the stage
is a process of its own, and attackers and honest speakers share another. Fails when the stage took longer than a
tick at once, in CPU time.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.attacks import ATTACKS, OTHERS, Attack
from tests.support.hearing import RATE, Samples, score, voices
from tests.support.measured_stage import MeasuredStage, measured_stage
from tests.support.stage import make_plan, seat
from tests.support.uplink import StockSpeaker

from hustings.base.clock import SystemClock
from hustings.base.grid import TICK_SECONDS

SECONDS = 10.0
HONEST = ("ann", "bob")
A_TICK = 1000 * TICK_SECONDS  # ms


async def nobody(_stage: MeasuredStage, _speaker: StockSpeaker, seconds: float) -> Counter[str]:
    """The same measure without an attack."""
    clock = SystemClock()
    await clock.sleep_until(clock.monotonic() + seconds)
    return Counter()


async def suffer(stage: MeasuredStage, attack: Attack, said: Samples, seconds: float) -> dict[str, Any]:
    mallory = stage.speaker("mallory")
    await mallory.connect()
    await nobody(stage, mallory, 1.0)
    for name in HONEST:
        await stage.said(name)
    before = await stage.measured()
    came = await attack(stage, mallory, seconds)
    after = await stage.measured()
    heard = [await stage.said(name) for name in HONEST]
    await mallory.close()
    scores = await asyncio.to_thread(lambda: [score(said, sound).pesq for sound in heard])
    return {
        "late_ms": round(after.late * 1000, 1),
        "turn_ms": round(after.turn * 1000, 1),
        "tick_ms": round(after.tick * 1000, 1),
        "memory_mb": round((after.memory - before.memory) / 2**20, 1),
        "pesq": round(statistics.mean(scores), 2),
        "concealed": round(max(after.seats[name].concealed for name in HONEST), 3),
        "came": dict(came),
    }


async def measure(seconds: float) -> dict[str, dict[str, Any]]:
    attacks: Mapping[str, Attack] = {"nobody": nobody, **ATTACKS}
    with tempfile.TemporaryDirectory() as name:
        said = next(iter(voices(Path(name)).values()))[: int(min(seconds / 2, 4.0) * RATE)]
        async with measured_stage(Path(name)) as stage:
            seats = [*HONEST, "mallory", *(f"other{number}" for number in range(OTHERS))]
            await stage.put(make_plan(*map(seat, seats)))
            endless = np.tile(said, int((len(attacks) + 2) * (seconds + 15) * RATE / len(said)))
            speakers = [stage.speaker(name, endless) for name in HONEST]
            await asyncio.gather(*(speaker.connect() for speaker in speakers))
            await nobody(stage, speakers[0], 3.0)
            found = {name: await suffer(stage, attack, said, seconds) for name, attack in attacks.items()}
            await asyncio.gather(*(speaker.close() for speaker in speakers))
    return found


def too_long(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The attacks that made the stage late by more than a tick through its own work."""
    return [name for name, figures in found.items() if max(figures["turn_ms"], figures["tick_ms"]) > A_TICK]


def main() -> int:
    found = asyncio.run(measure(3.0 if "--quick" in sys.argv else SECONDS))
    report(found, as_json="--json" in sys.argv)
    for name in too_long(found):
        sys.stderr.write(f"{name}: the stage took more than {A_TICK:.0f} ms of CPU at once\n")
    return int(bool(too_long(found)))


def report(found: Mapping[str, Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for name, figures in found.items():
        print(
            f"  {name:26} tick late {figures['late_ms']:6.1f} ms  turn {figures['turn_ms']:5.1f} ms CPU  "
            f"tick {figures['tick_ms']:4.1f} ms CPU  memory {figures['memory_mb']:+5.1f} MB  "
            f"PESQ-wb {figures['pesq']:.2f}  concealed {figures['concealed']:.3f}  {figures['came']}"
        )


if __name__ == "__main__":
    sys.exit(main())
