"""CPU of mixing: 13 seats' Opus in, mix-minus, Opus out, and the programme beside it. No network, no jitter buffer.

Prints CPU seconds per second of conversation and how long a tick takes. Run it as
`.venv/bin/python bench/mixer.py [--seconds 20] [--json]`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hustings.audio.beds import end_sound, hold_bed, preshow_bed
from hustings.audio.level import Samples
from hustings.base.channel import Channel, WhenFull
from hustings.base.grid import SAMPLE_RATE, TICK, TICK_SECONDS
from hustings.documents.blocks import Block
from hustings.documents.seat_token import SeatClaim
from hustings.documents.space import Person, Role, Seat, SpacePlan, SpaceState
from hustings.stage.air import Outlets
from hustings.stage.opus import OpusDecoder, OpusEncoder
from hustings.stage.room import Room

VOICE_TICKS = 500


@dataclass(frozen=True)
class Fine:
    state: str = "connected"
    last_packet_age: float = 0.0
    packets: int = 1
    loss: float = 0.0
    jitter_ms: float = 0.0
    concealed: float = 0.0
    missed: int = 0


def voice(seed: int) -> list[bytes]:
    """Ten seconds of something as busy as speech: harmonics under a syllable's envelope, encoded at 32 kbit/s."""
    random = np.random.default_rng(seed)
    at = np.arange(VOICE_TICKS * TICK) / SAMPLE_RATE
    pitch = random.uniform(90, 220)
    buzz = sum(np.sin(2 * np.pi * pitch * n * at + random.uniform(0, 6)) / n for n in range(1, 30))
    syllables = np.clip(np.sin(2 * np.pi * random.uniform(3, 5) * at), 0, 1)
    sound = (0.08 * syllables * buzz + random.normal(0, 0.0005, at.size)).astype(np.float32)
    encoder = OpusEncoder(bitrate=32_000)
    return [encoder.encode(block) for block in sound.reshape(-1, TICK)]


class Seated:
    """A seat whose packets have all arrived."""

    def __init__(self, packets: list[bytes]) -> None:
        self.on_packet: Callable[[bytes], None] | None = None
        self.sent = 0
        self._packets = packets
        self._decoder = OpusDecoder()
        self._number = 0

    def pull(self) -> Samples | None:
        packet = self._packets[self._number % len(self._packets)]
        self._number += 1
        if self.on_packet is not None:
            self.on_packet(packet)
        return self._decoder.decode(packet)

    def send(self, opus: bytes) -> None:
        self.sent += 1

    def health(self) -> Fine:
        return Fine()

    async def close(self) -> None:
        return


def measure(seats: int, talking: int, seconds: float) -> dict[str, float]:
    quiet = [OpusEncoder(bitrate=32_000).encode(np.zeros(TICK, np.float32))]
    names = [f"seat{number}" for number in range(seats)]
    plan = SpacePlan(
        "bench", 1, "Bench", SpaceState.LIVE, Person("Ada"), doors_at=0.0,
        seats=tuple(Seat(name, name, Role.SPEAKER, on_air=True) for name in names),
    )  # fmt: skip
    channels: list[Channel[Block]] = [Channel(1, WhenFull.DROP_OLDEST) for _ in range(2)]
    outlets = Outlets(channels[0], channels[1], lambda _frame: None)
    room = Room(
        plan,
        outlets=outlets,
        make_encoder=OpusEncoder,
        close=lambda _peer: None,
        preshow=preshow_bed(),
        opened_at=0.0,
    )
    for number, name in enumerate(names):
        room.attach(SeatClaim("bench", name, 0), Seated(voice(number) if number < talking else quiet))
    ticks = int(seconds / TICK_SECONDS)
    took = np.empty(ticks)
    for number in range(-50, ticks):
        if number == 0:
            cpu = time.process_time()
        begin = time.perf_counter()
        room.tick(number * TICK_SECONDS + 1, number * TICK_SECONDS + 1)
        took[number] = time.perf_counter() - begin
    return {
        "seats": seats,
        "talking": talking,
        "cpu_seconds_per_second": round((time.process_time() - cpu) / seconds, 4),
        "tick_p50_ms": round(float(np.percentile(took, 50)) * 1000, 3),
        "tick_p99_ms": round(float(np.percentile(took, 99)) * 1000, 3),
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=20.0)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    for make in (preshow_bed, hold_bed, end_sound):
        make()
    rows = [measure(seats, talking, given.seconds) for seats, talking in ((2, 2), (5, 5), (13, 13), (13, 3))]
    if given.json:
        print(json.dumps(rows))
        return 0
    print("seats  talking  CPU s/s   tick p50   tick p99")
    for row in rows:
        print(
            f"{row['seats']:5}  {row['talking']:7}  {row['cpu_seconds_per_second']:.4f}  "
            f"{row['tick_p50_ms']:6.2f} ms  {row['tick_p99_ms']:6.2f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
