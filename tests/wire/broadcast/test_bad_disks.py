"""A disk that is full, has room again, or is slow: the record gives way in order, says so, and comes back whole."""

import asyncio
import json
import sys
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from tests.support import slow_stage
from tests.support.disks import SLOW, slow_disk, small_disk
from tests.support.programme import blocks, record
from tests.support.settling import until

from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import ManualClock
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.broadcast import manifest as manifests
from hustings.broadcast.decode import read_audio
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.recorder import DISK_FULL, DISK_SLOW, TRACKS_DROPPED, Recorder
from hustings.broadcast.replay import LAST_LOOK, ReplayMaker
from hustings.broadcast.replay_files import make_replay
from hustings.broadcast.take import ALL_STOPPED, CHUNK, FLAC_STOPPED, RESUMED, TRACKS_STOPPED
from hustings.documents.blocks import Block, ProgrammeEnd, Samples, SeatPacket
from hustings.documents.space import Replay, ReplayState
from hustings.hls.renditions import OPUS32


class Evening:
    """A conversation that is said as fast as it can be recorded."""

    def __init__(self, channel: Channel[Block], speech: Samples) -> None:
        self.position = 0
        self._channel = channel
        self._speech = speech
        self._opus = RenditionEncoder(OPUS32).encode(speech)

    async def say(self, seconds: float) -> None:
        for _ in range(round(seconds * SAMPLE_RATE / TICK)):
            at = self.position % self._speech.size
            self._channel.put(SeatPacket("s", "host", "Ada", self.position, self._opus[at // TICK]))
            for block in blocks(self._speech[at : at + TICK], self.position):
                self._channel.put(block)
            self.position += TICK
        await until(lambda: not len(self._channel), within=30)

    def end(self) -> None:
        self._channel.put(ProgrammeEnd("s", self.position))
        self._channel.close()


def seconds_of(path: Path) -> float:
    return sum(piece.size for piece in read_audio(path)) / SAMPLE_RATE


async def test_a_full_disk_costs_the_tracks_first_the_programme_last_and_with_room_again_all_of_it_is_recorded(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", megabytes=40) as disk:
        channel: Channel[Block] = Channel(1_000_000, WhenFull.CLOSE)
        recorder = Recorder(channel, disk.folder, ManualClock(), pool, reserve=300_000)
        running = asyncio.create_task(recorder.run())
        evening = Evening(channel, speech)

        await evening.say(4)
        await until(lambda: recorder.faults("s") == frozenset())
        disk.fill()
        await evening.say(1)
        await until(lambda: recorder.faults("s") == {TRACKS_DROPPED})
        await evening.say(12)
        await until(lambda: recorder.faults("s") == {TRACKS_DROPPED, DISK_FULL})
        disk.clear()
        await evening.say(12)
        await until(lambda: recorder.faults("s") == frozenset())
        resumed = evening.position
        await evening.say(4)
        evening.end()
        await running

        folder = disk.folder / "s"
        told = manifests.load(folder)
        assert told is not None
        assert told.problems == [TRACKS_STOPPED, FLAC_STOPPED, ALL_STOPPED, RESUMED]
        first, second = told.takes
        assert seconds_of(folder / first.aac) >= seconds_of(folder / first.flac) >= 5
        whole = (evening.position - second.start) / SAMPLE_RATE
        assert second.start < resumed
        begun = np.concatenate(list(read_audio(folder / second.flac)))[:CHUNK]
        assert np.allclose(
            begun, np.take(speech, np.arange(second.start, second.start + CHUNK), mode="wrap"), atol=1e-3
        )
        assert seconds_of(folder / second.flac) == pytest.approx(whole, abs=0.3)
        assert seconds_of(folder / "seat-host-2.opus") == pytest.approx(whole, abs=1)
        made = make_replay(folder, told, trim_start=False)
        assert made is not None
        assert made.duration >= seconds_of(folder / first.aac) + whole - 0.3


async def test_a_replay_that_found_no_room_is_told_of_once_leaves_nothing_and_is_made_when_there_is_room(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    told: list[Replay] = []

    async def report(_: str, replay: Replay) -> None:
        told.append(replay)

    with small_disk(tmp_path / "disk", megabytes=40) as disk:
        await record([*blocks(speech), ProgrammeEnd("s", speech.size)], disk.folder, pool)
        kept = {path.name for path in (disk.folder / "s").iterdir()}
        disk.fill(leave=100_000)
        clock = ManualClock()
        maker = ReplayMaker(disk.folder, report, clock, pool)
        running = asyncio.create_task(maker.run())
        await until(lambda: told)
        full_until = clock.monotonic() + 3 * LAST_LOOK
        await until(lambda: clock.monotonic() > full_until, each_turn=lambda: clock.advance(1.0))
        assert [replay.state for replay in told] == [ReplayState.FAILED]
        assert {path.name for path in (disk.folder / "s").iterdir()} == kept

        disk.clear()
        await until(lambda: len(told) > 1, each_turn=lambda: clock.advance(1.0))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

        assert told[1].state is ReplayState.READY
        assert told[1].duration == pytest.approx(speech.size / SAMPLE_RATE, abs=0.3)


SEATS, SECONDS = 4, 4


@pytest.mark.parametrize("slow", [True, False], ids=["slow", "as it should be"])
async def test_a_disk_that_takes_a_fifth_of_a_second_for_each_write_leaves_19_ticks_of_20_in_time_and_loses_nothing(
    tmp_path: Path, slow: bool
) -> None:
    recordings = tmp_path / "recordings"
    stage = await asyncio.create_subprocess_exec(
        *(sys.executable, slow_stage.__file__, str(recordings), str(SEATS), str(SECONDS)),
        env=slow_disk(recordings if slow else tmp_path / "elsewhere", tmp_path / "slow.so"),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await stage.communicate()
    assert stage.returncode == 0

    told = json.loads(printed)
    assert told["faults"] == ([DISK_SLOW] if slow else [])
    assert np.percentile(told["late"], 95) < SLOW / 2
    kept = [path for path in (recordings / "s").iterdir() if path.suffix in (".aac", ".flac", ".opus")]
    assert len(kept) == 2 + SEATS
    assert {path.name: seconds_of(path) for path in kept if seconds_of(path) < SECONDS - 0.05} == {}
