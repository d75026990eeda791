"""What is on disk after a conversation, a crash, a restart and on a disk that is full."""

import asyncio
import json
import os
import signal
import sys
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.support.programme import blocks, record
from tests.support.settling import until

from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import ManualClock
from hustings.base.errors import NotFound
from hustings.base.grid import PART, SAMPLE_RATE, TICK
from hustings.broadcast import manifest as manifests
from hustings.broadcast.decode import read_audio
from hustings.broadcast.encoder import RenditionEncoder, to_pcm16
from hustings.broadcast.manifest import Manifest
from hustings.broadcast.recorder import Recorder
from hustings.broadcast.take import ALL_STOPPED, CHUNK, FLAC_STOPPED, TRACKS_STOPPED
from hustings.documents.blocks import Block, ProgrammeEnd, Samples, SeatPacket
from hustings.documents.feed import Programme
from hustings.hls.renditions import OPUS32


def told(folder: Path) -> Manifest:
    manifest = manifests.load(folder / "s")
    assert manifest is not None
    return manifest


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def samples_of(path: Path) -> Samples:
    return np.concatenate(list(read_audio(path)))


def seat_packets(samples: Samples, first: int = 0, seat: str = "host") -> list[Block]:
    encoder = RenditionEncoder(OPUS32)
    return [
        SeatPacket("s", seat, "Ada", first + n * TICK, packet) for n, packet in enumerate(encoder.encode(samples))
    ]


def mixed(*streams: list[Block]) -> list[Block]:
    """Blocks and packets in the order of their positions, each position's block first."""
    return sorted((item for stream in streams for item in stream), key=lambda item: item.position)


async def test_the_programme_is_kept_bit_for_bit(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    said = speech[: 4 * PART]

    await record([*blocks(said), ProgrammeEnd("s", said.size)], tmp_path, pool)

    kept = samples_of(tmp_path / "s" / "take-1-programme.flac")
    assert np.array_equal(to_pcm16(kept)[: said.size], to_pcm16(said))
    assert not kept[said.size :].any()
    assert told(tmp_path).ended


class Counting(ThreadPoolExecutor):
    """Counts what it was given to do."""

    given = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.given += 1
        return super().submit(*args, **kwargs)


async def test_a_recorder_that_is_behind_writes_much_at_a_time_and_keeps_all(speech: Samples, tmp_path: Path) -> None:
    said = speech[: 8 * PART]
    with Counting(1) as pool:
        await record(mixed(blocks(said), seat_packets(said), [ProgrammeEnd("s", said.size)]), tmp_path, pool)
        at_a_time = said.size / CHUNK / pool.given

    assert at_a_time > 3
    kept = samples_of(tmp_path / "s" / "take-1-programme.flac")
    assert np.array_equal(to_pcm16(kept)[: said.size], to_pcm16(said))
    assert samples_of(tmp_path / "s" / "seat-host-1.opus").size == pytest.approx(said.size, abs=TICK)


async def test_the_preshow_is_not_recorded_and_a_hold_is(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    items = [
        *blocks(speech[: 2 * PART], 0, Programme.PRESHOW),
        *blocks(speech[:PART], 2 * PART + 10 * TICK, Programme.CONVERSATION),
        *blocks(speech[:PART], 3 * PART + 10 * TICK, Programme.HOLD),
    ]

    await record(items, tmp_path, pool)

    take = told(tmp_path).takes[0]
    kept = samples_of(tmp_path / "s" / take.flac)
    assert take.start == 2 * PART
    assert not kept[: 10 * TICK].any()
    assert np.array_equal(to_pcm16(kept)[10 * TICK :][:PART], to_pcm16(speech[:PART]))
    assert np.array_equal(to_pcm16(kept)[PART + 10 * TICK :][:PART], to_pcm16(speech[:PART]))


async def test_missing_blocks_are_silence_in_their_place(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    whole = blocks(speech[: 3 * PART])

    await record(whole[:20] + whole[90:], tmp_path, pool)

    kept = samples_of(tmp_path / "s" / "take-1-programme.flac")
    assert not kept[20 * TICK : 90 * TICK].any()
    assert np.array_equal(to_pcm16(kept)[90 * TICK : 3 * PART], to_pcm16(speech[90 * TICK : 3 * PART]))


async def test_each_seat_has_a_track_of_what_it_sent(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    said = speech[: 4 * PART]
    items = mixed(blocks(said), seat_packets(said, seat="host"), seat_packets(said[:PART], seat="guest"))

    await record(items, tmp_path, pool)

    tracks = told(tmp_path).tracks
    assert sorted(track.file for track in tracks) == ["seat-guest-1.opus", "seat-host-1.opus"]
    kept = samples_of(tmp_path / "s" / "seat-host-1.opus")
    assert abs(kept.size - said.size) < TICK
    length = min(kept.size, said.size)
    assert np.corrcoef(kept[:length], said[:length])[0, 1] > 0.9


@pytest.mark.parametrize("seat", ["../../escape", "a/b", "", "x" * 80])
async def test_a_seat_id_never_leads_out_of_the_folder(
    seat: str, speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    said = speech[:PART]

    await record(mixed(blocks(said), seat_packets(said, seat=seat)), tmp_path / "recordings", pool)

    assert told(tmp_path / "recordings").tracks == []
    assert names(tmp_path) == ["recordings"]


async def test_a_restart_begins_another_take_where_it_resumes(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    await record(blocks(speech[: 3 * PART]), tmp_path, pool)
    await record(blocks(speech[5 * PART : 7 * PART], 5 * PART, Programme.HOLD), tmp_path, pool)

    assert [(take.number, take.start) for take in told(tmp_path).takes] == [(1, 0), (2, 5 * PART)]
    kept = samples_of(tmp_path / "s" / "take-2-programme.flac")
    assert np.array_equal(to_pcm16(kept)[: 2 * PART], to_pcm16(speech[5 * PART : 7 * PART]))


async def test_after_the_end_nothing_is_added(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    ended: list[str] = []
    items = [
        *blocks(speech[:PART]),
        ProgrammeEnd("s", PART),
        *blocks(speech[:PART], PART),
        ProgrammeEnd("s", 2 * PART),
    ]

    await record(items, tmp_path, pool, ended=ended.append)

    assert len(told(tmp_path).takes) == 1
    assert ended == ["s", "s"]


async def test_deleting_a_space_leaves_nothing_even_of_what_was_on_its_way(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    channel: Channel[Block] = Channel(10_000, WhenFull.CLOSE)
    ended: list[str] = []
    recorder = Recorder(channel, tmp_path, ManualClock(), pool, ended=ended.append)
    running = asyncio.create_task(recorder.run())
    for item in blocks(speech[: 2 * PART]):
        channel.put(item)
    await until((tmp_path / "s" / manifests.NAME).exists)

    await recorder.delete("s")
    for item in [*blocks(speech[:PART], 2 * PART), ProgrammeEnd("s", 3 * PART)]:
        channel.put(item)
    channel.close()
    await running

    assert names(tmp_path) == []
    assert ended == []


async def test_what_a_crash_left_of_a_deletion_is_removed(pool: Executor, tmp_path: Path) -> None:
    (tmp_path / ".deleted-x").mkdir()
    (tmp_path / ".deleted-x" / "replay.m4a").write_bytes(b"sound")
    (tmp_path / "kept").mkdir()

    await record([], tmp_path, pool)

    assert names(tmp_path) == ["kept"]


async def test_only_a_recording_can_be_deleted(pool: Executor, tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    recorder = Recorder(Channel(1, WhenFull.CLOSE), tmp_path / "recordings", ManualClock(), pool)

    with pytest.raises(NotFound):
        await recorder.delete("..")
    assert (tmp_path / "recordings").exists()


@pytest.mark.parametrize(
    "kinds",
    [
        (["seat-host-1.opus"], [TRACKS_STOPPED], ["take-1-programme.aac", "take-1-programme.flac"]),
        (["take-1-programme.flac"], [TRACKS_STOPPED, FLAC_STOPPED], ["take-1-programme.aac"]),
        (
            ["take-1-programme.flac", "take-1-programme.aac"],
            [TRACKS_STOPPED, FLAC_STOPPED, ALL_STOPPED],
            [],
        ),
    ],
    ids=["tracks", "flac too", "everything"],
)
async def test_a_full_disk_takes_the_tracks_first_and_the_programme_last(
    kinds: tuple[list[str], list[str], list[str]], speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    full, problems, left = kinds
    said = speech[: 4 * PART]
    (tmp_path / "s").mkdir()
    for name in full:
        (tmp_path / "s" / name).symlink_to("/dev/full")  # every write is answered ENOSPC

    await record([*mixed(blocks(said), seat_packets(said)), ProgrammeEnd("s", said.size)], tmp_path, pool)

    assert told(tmp_path).problems == problems
    assert told(tmp_path).ended
    for name in left:
        assert samples_of(tmp_path / "s" / name).size >= said.size


async def test_room_is_set_aside_while_recording_and_given_back(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    channel: Channel[Block] = Channel(10_000, WhenFull.CLOSE)
    running = asyncio.create_task(Recorder(channel, tmp_path, ManualClock(), pool, reserve=1_000_000).run())
    for item in blocks(speech[:PART]):
        channel.put(item)
    reserve = tmp_path / "s" / "reserve.bin"
    await until(lambda: reserve.exists() and reserve.stat().st_blocks * 512 >= 1_000_000)

    channel.close()
    await running

    assert not reserve.exists()


async def test_a_stage_that_is_stopped_closes_its_take(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    channel: Channel[Block] = Channel(10_000, WhenFull.CLOSE)
    running = asyncio.create_task(Recorder(channel, tmp_path, ManualClock(), pool).run())
    for item in blocks(speech[: 2 * PART]):
        channel.put(item)
    await until(lambda: not len(channel))

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    take = told(tmp_path).takes[0]
    with av.open(str(tmp_path / "s" / take.flac)) as container:
        assert container.streams.audio[0].duration == take.samples >= 2 * PART - CHUNK
    assert not (tmp_path / "s" / "reserve.bin").exists()
    assert not told(tmp_path).ended


KEPT = (".flac", ".aac", ".opus")
RECORDING_STAGE = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
import structlog
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import SystemClock
from hustings.base.grid import TICK
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.recorder import Recorder
from hustings.documents.blocks import ProgrammeBlock, SeatPacket
from hustings.documents.feed import Programme
from hustings.hls.renditions import OPUS32

async def main():
    clock, channel = SystemClock(), Channel(10_000, WhenFull.CLOSE)
    samples = np.random.default_rng(1).normal(0, 0.1, 60 * 48_000).astype(np.float32)
    opus = RenditionEncoder(OPUS32)
    with ThreadPoolExecutor(2) as pool:
        running = asyncio.create_task(Recorder(channel, Path(sys.argv[1]), clock, pool).run())
        begun = clock.monotonic()
        for at in range(0, samples.size, TICK):
            await clock.sleep_until(begun + at / 48_000)
            block = samples[at : at + TICK]
            channel.put(SeatPacket("s", "host", "Ada", at, opus.encode(block)[0]))
            channel.put(ProgrammeBlock("s", at, Programme.CONVERSATION, block))
            print(at + TICK, flush=True)

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
asyncio.run(main())
"""


async def test_a_killed_stage_loses_less_than_a_second(tmp_path: Path) -> None:
    stage = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECORDING_STAGE, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert stage.stdout is not None
    said = 0
    while said < 4 * SAMPLE_RATE:
        said = int(await stage.stdout.readline())
    os.kill(stage.pid, signal.SIGKILL)
    await stage.wait()
    for line in (await stage.stdout.read()).split():
        said = int(line)

    folder = tmp_path / "s"
    kept = {name: samples_of(folder / name).size for name in names(folder) if name.endswith(KEPT)}
    assert len(kept) == 3
    assert {name for name, size in kept.items() if said - size > SAMPLE_RATE} == set(), (said, kept)
    assert json.loads((folder / "manifest.json").read_text())["takes"][0]["start"] == 0
    expected = np.random.default_rng(1).normal(0, 0.1, 60 * 48_000).astype(np.float32)
    whole = kept["take-1-programme.flac"] // CHUNK * CHUNK
    read = samples_of(folder / "take-1-programme.flac")[:whole]
    assert np.array_equal(to_pcm16(read), to_pcm16(expected[:whole]))
