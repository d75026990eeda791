"""How late one speaker hears another, on loopback, and after the speaker's network stood still for a moment.

Run from the repository: `.venv/bin/python -m bench.delay [--quick] [--json]`. A stock aiortc client says bursts of a
tone through a relay; another one hears its mix. Counted from a burst's first sample at the speaker's microphone to
its first sample out of the decoder at the listener: the 20 ms frame that is filled, the stage's jitter buffer, its
tick, both codecs' look-ahead (6.5 ms each). The listener's own jitter buffer is not in it: packets are decoded as
they come; a browser adds its own, 33 to 43 ms here. The spike: for 160 ms all packets are that much later.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.bad_network import Detour, Way, connect_through
from tests.support.measured_stage import measured_stage
from tests.support.stage import make_plan, seat
from tests.support.uplink import RawVoice, StockSpeaker

from bench._limits import exit_code
from hustings.base.clock import SystemClock
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.stage.opus import OpusDecoder, OpusEncoder

FRAME = TICK / SAMPLE_RATE
EVERY = 17  # frames, 340 ms: no multiple of anything
BURST = 4  # frames
LOUD = 0.05
SPIKE = 0.160
AFTER = 12  # s
MEDIAN, RECOVERED = 100.0, 120.0  # ms at most, the latter from 10 s after the spike on
NEAR = 0.320  # s: a burst heard is the one said within so long before


@dataclass
class Listener:
    """Decodes what comes as it comes; notes when each burst begins."""

    began: list[float] = field(default_factory=list)
    _decoder: OpusDecoder = field(default_factory=OpusDecoder)
    _quiet: int = TICK * BURST

    def listen(self, speaker: StockSpeaker) -> None:
        receiver: Any = speaker.pc.getReceivers()[0]

        async def take(packet: Any, arrival_time_ms: int) -> None:
            self.hear(packet.payload, time.monotonic())

        receiver._handle_rtp_packet = take

    def hear(self, payload: bytes, now: float) -> None:
        loud = np.abs(self._decoder.decode(payload)) > LOUD if payload else np.zeros(TICK, bool)
        if not loud.any():
            self._quiet += TICK
            return
        first = int(np.argmax(loud))
        if self._quiet + first > TICK * BURST:
            self.began.append(now + first / SAMPLE_RATE)
        self._quiet = 0


async def say_bursts(speaker: StockSpeaker, said: list[float]) -> None:
    """Without end. `said` gets the time of each burst's first sample at the microphone."""
    voice, encoder, clock = RawVoice(speaker), OpusEncoder(), SystemClock()
    tone = (0.4 * np.sin(2 * np.pi * 1000 * np.arange(TICK) / SAMPLE_RATE)).astype(np.float32)
    start, number = clock.monotonic(), 0
    while True:
        await clock.sleep_until(start + (number + 1) * FRAME)
        loud = number % EVERY < BURST
        if number % EVERY == 0:
            said.append(start + number * FRAME)
        voice.timestamp = (voice.timestamp + TICK) & 0xFFFFFFFF
        await voice.send(voice.packet(encoder.encode(tone if loud else np.zeros(TICK, np.float32))))
        number += 1


def delays(said: list[float], heard: list[float]) -> list[tuple[float, float]]:
    """When each burst was said, and how much later it was heard."""
    found = []
    for at in heard:
        before = [begin for begin in said if 0 <= at - begin < NEAR]
        if before:
            found.append((before[-1], at - before[-1]))
    return found


async def measure(settled: float) -> dict[str, Any]:
    clock, detour, said, listener = SystemClock(), Detour(), list[float](), Listener()
    with tempfile.TemporaryDirectory() as folder:
        async with measured_stage(Path(folder)) as stage:
            await stage.put(make_plan(seat("ann"), seat("bob")))
            ann, bob = stage.speaker("ann"), stage.speaker("bob")
            await bob.connect()
            listener.listen(bob)
            relay = await connect_through(ann, Way(detour=detour), Way())
            while ann.pc.connectionState != "connected":
                await clock.sleep_until(clock.monotonic() + FRAME)
            saying = asyncio.create_task(say_bursts(ann, said))
            begin = clock.monotonic() + 3.0
            await clock.sleep_until(begin + settled)
            detour.held, spike = SPIKE, clock.monotonic()
            await clock.sleep_until(spike + SPIKE)
            detour.held = 0.0
            await clock.sleep_until(spike + AFTER)
            late = (await stage.measured()).late
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)
            relay.close()
            await asyncio.gather(ann.close(), bob.close())
    found = delays(said, listener.began)
    calm = [late for at, late in found if begin <= at < spike - NEAR]
    after = [[late for at, late in found if n <= at - spike < n + 1] for n in range(AFTER)]
    return {
        "median_ms": round(statistics.median(calm) * 1000, 1),
        "highest_ms": round(max(calm) * 1000, 1),
        "bursts": len(calm),
        "after_ms": [round(statistics.median(second) * 1000) if second else None for second in after],
        "machine_late_ms": round(late * 1000, 1),
    }


def main() -> int:
    found = asyncio.run(measure(8.0 if "--quick" in sys.argv else 30.0))
    if "--json" in sys.argv:
        print(json.dumps(found))
    else:
        show(found)
    after = [late for late in found["after_ms"][10:] if late is not None]
    return exit_code(
        (f"median {found['median_ms']} ms, at most {MEDIAN}", found["median_ms"] <= MEDIAN),
        (f"from 10 s after a spike on {after} ms, below {RECOVERED}", bool(after) and max(after) < RECOVERED),
    )


def show(found: dict[str, Any]) -> None:
    print(
        f"  speaker to speaker: median {found['median_ms']} ms, highest {found['highest_ms']} ms, "
        f"{found['bursts']} bursts (the machine's ticks up to {found['machine_late_ms']} ms late)"
    )
    print(f"  in each second from a spike of {SPIKE * 1000:.0f} ms on: {found['after_ms']} ms")


if __name__ == "__main__":
    sys.exit(main())
