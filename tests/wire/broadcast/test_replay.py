"""From the end of a Space to its replay: complete, trimmed, joined over crashes, told of until it is heard."""

import asyncio
import shutil
import subprocess
from concurrent.futures import Executor
from pathlib import Path

import av
import numpy as np
import pytest
from tests.support.programme import blocks, record
from tests.support.settling import until

from hustings.base.clock import ManualClock
from hustings.base.grid import PART, PART_SECONDS, SAMPLE_RATE
from hustings.broadcast import manifest as manifests
from hustings.broadcast.decode import read_audio
from hustings.broadcast.encoder import to_pcm16
from hustings.broadcast.replay import ReplayMaker
from hustings.broadcast.take import CHUNK
from hustings.documents.blocks import ProgrammeEnd, Samples
from hustings.documents.space import Person, Replay, ReplayState, SpacePlan, SpaceState

TAIL = CHUNK / SAMPLE_RATE  # seconds of silence that close a take


class Control:
    """Takes reports; refuses the first `refusals`."""

    def __init__(self, refusals: int = 0) -> None:
        self.heard: list[tuple[str, Replay]] = []
        self.refusals = refusals

    async def report(self, space: str, replay: Replay) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("control is down")
        self.heard.append((space, replay))


def noted(folder: Path) -> bool:
    manifest = manifests.load(folder)
    return manifest is not None and manifest.made is not None and manifest.made.reported


def ended_plan(replay: Replay) -> SpacePlan:
    return SpacePlan("s", 2, "The ferry", SpaceState.ENDED, Person("Ada"), replay=replay)


async def replayed(
    folder: Path, pool: Executor, control: Control, *, asked: int = 1, trims: tuple[bool, ...] = ()
) -> None:
    """A replay maker's run, from a restart on, until control heard `asked` reports."""
    clock = ManualClock()
    maker = ReplayMaker(folder, control.report, clock, pool, title=lambda _: "The ferry")
    running = asyncio.create_task(maker.run())
    await until(lambda: len(control.heard) >= 1, each_turn=lambda: clock.advance(1.0))
    for trim in trims:
        maker.follow(ended_plan(Replay(ReplayState.PREPARING, 0.0, trim)))
    await until(lambda: len(control.heard) >= asked, each_turn=lambda: clock.advance(1.0))
    await until(lambda: all(noted(folder / space) for space, _ in control.heard))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def samples_of(path: Path) -> Samples:
    return np.concatenate(list(read_audio(path)))


def as_served(folder: Path) -> Path:
    """The playlist with its segments below `replay/`, as the edge serves them."""
    (folder / "replay").symlink_to(folder)
    return folder / "replay.m3u8"


def segments_joined(folder: Path) -> bytes:
    lines = (folder / "replay.m3u8").read_text().splitlines()
    names = [line.removeprefix("replay/") for line in lines if line and not line.startswith("#")]
    return (folder / "init.mp4").read_bytes() + b"".join((folder / name).read_bytes() for name in names)


async def test_a_replay_is_all_of_the_conversation(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    said, control = speech[: 9 * PART], Control()
    await record([*blocks(said), ProgrammeEnd("s", said.size)], tmp_path, pool)

    await replayed(tmp_path, pool, control)

    length = 9 * PART_SECONDS + TAIL
    [(space, replay)] = control.heard
    assert (space, replay.state, replay.trim_start) == ("s", ReplayState.READY, True)
    assert replay.duration == pytest.approx(length)
    folder = tmp_path / "s"
    kept = samples_of(folder / "replay.flac")
    assert np.array_equal(to_pcm16(kept)[: said.size], to_pcm16(said))
    for name in ("replay.flac", "replay.m4a"):
        with av.open(str(folder / name)) as container:
            assert container.duration is not None
            assert container.duration / 1e6 == pytest.approx(length, abs=0.03)
    joined = folder / "joined.mp4"
    joined.write_bytes(segments_joined(folder))
    assert samples_of(joined).size == pytest.approx(length * SAMPLE_RATE, abs=2048)


@pytest.mark.parametrize("file", ["replay.m4a", "replay.flac"])
async def test_a_download_says_what_it_is_of(file: str, speech: Samples, pool: Executor, tmp_path: Path) -> None:
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)

    await replayed(tmp_path, pool, Control())

    with av.open(str(tmp_path / "s" / file)) as container:
        told = {key.lower(): value for key, value in container.metadata.items()}
    assert told["title"] == "The ferry"
    manifest = manifests.load(tmp_path / "s")
    assert manifest is not None
    assert manifest.title == "The ferry"


async def test_an_m4a_begins_with_its_index(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)

    await replayed(tmp_path, pool, Control())

    data = (tmp_path / "s" / "replay.m4a").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


async def test_a_player_nobody_here_wrote_plays_it(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    said = speech[: 10 * PART]
    await record([*blocks(said), ProgrammeEnd("s", said.size)], tmp_path, pool)
    await replayed(tmp_path, pool, Control())

    for source in (as_served(tmp_path / "s"), tmp_path / "s" / "replay.m4a", tmp_path / "s" / "replay.flac"):
        played = await asyncio.to_thread(
            subprocess.run,
            [ffmpeg, "-v", "warning", "-i", str(source), "-f", "s16le", "-ac", "1", "-ar", "48000", "-"],
            capture_output=True, check=True,
        )  # fmt: skip
        complaints = [line for line in played.stderr.decode().splitlines() if "deprecated" not in line]
        assert complaints == []
        assert len(played.stdout) / 2 == pytest.approx(said.size + CHUNK, abs=2048)


async def test_dead_air_at_the_start_is_left_out_and_comes_back(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    quiet = np.zeros(6 * PART, np.float32)
    said = np.concatenate([quiet, speech[: 5 * PART]])
    control = Control()
    await record([*blocks(said), ProgrammeEnd("s", said.size)], tmp_path, pool)

    await replayed(tmp_path, pool, control, asked=3, trims=(False, True))

    short, whole = 6 * PART_SECONDS + TAIL, 11 * PART_SECONDS + TAIL
    assert [replay.trim_start for _, replay in control.heard] == [True, False, True]
    assert [replay.duration for _, replay in control.heard] == pytest.approx([short, whole, short])
    kept = samples_of(tmp_path / "s" / "replay.flac")
    assert np.array_equal(to_pcm16(kept)[: 6 * PART], to_pcm16(said[5 * PART :]))
    assert "replay/seg-1-1.m4s" in (tmp_path / "s" / "replay.m3u8").read_text()


async def test_a_switch_that_stands_so_already_is_told_again_and_makes_nothing(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    control = Control()
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)
    await replayed(tmp_path, pool, control)
    made_at = (tmp_path / "s" / "replay.flac").stat().st_mtime_ns

    await replayed(tmp_path, pool, control, asked=2, trims=(True,))

    assert control.heard[0] == control.heard[1]
    assert (tmp_path / "s" / "replay.flac").stat().st_mtime_ns == made_at


async def test_a_failed_replay_is_made_again_when_asked_and_not_because_it_was_told(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    control = Control()
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)
    hindrance = tmp_path / "s" / "replay.flac"
    hindrance.mkdir()
    maker = ReplayMaker(tmp_path, control.report, ManualClock(), pool)
    running = asyncio.create_task(maker.run())
    await until(lambda: control.heard)
    assert control.heard[0][1].state is ReplayState.FAILED
    assert not list((tmp_path / "s").glob(".*"))

    maker.follow(ended_plan(control.heard[0][1]))
    hindrance.rmdir()
    maker.follow(ended_plan(Replay(ReplayState.PREPARING)))
    await until(lambda: len(control.heard) > 1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [replay.state for _, replay in control.heard] == [ReplayState.FAILED, ReplayState.READY]


async def test_takes_are_joined_and_the_gap_is_cut(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    first, second = speech[: 3 * PART], speech[8 * PART : 10 * PART]
    await record(blocks(first), tmp_path, pool)
    await record([*blocks(second, 8 * PART), ProgrammeEnd("s", 10 * PART)], tmp_path, pool)
    control = Control()

    await replayed(tmp_path, pool, control)

    kept = to_pcm16(samples_of(tmp_path / "s" / "replay.flac"))
    assert np.array_equal(kept[: first.size], to_pcm16(first))
    assert np.array_equal(kept[first.size + CHUNK :][: second.size], to_pcm16(second))
    manifest = manifests.load(tmp_path / "s")
    assert manifest is not None
    assert manifest.made is not None
    assert manifest.made.cut == pytest.approx(5 * PART_SECONDS - TAIL)


async def test_what_a_crash_tore_off_is_not_in_the_replay(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    said = speech[: 4 * PART]
    await record([*blocks(said), ProgrammeEnd("s", said.size)], tmp_path, pool)
    for name in ("take-1-programme.aac", "take-1-programme.flac"):
        path = tmp_path / "s" / name
        path.write_bytes(path.read_bytes()[:-5000])
    control = Control()

    await replayed(tmp_path, pool, control)

    assert 3 * PART_SECONDS < control.heard[0][1].duration < 4 * PART_SECONDS
    heard = samples_of(tmp_path / "s" / "replay.flac")
    assert heard.size == pytest.approx(control.heard[0][1].duration * SAMPLE_RATE)


async def test_a_report_is_repeated_until_it_is_taken(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    control = Control(refusals=4)
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)

    await replayed(tmp_path, pool, control)

    assert [space for space, _ in control.heard] == ["s"]


async def test_a_report_that_was_taken_is_not_repeated_after_a_restart(
    speech: Samples, pool: Executor, tmp_path: Path
) -> None:
    control = Control()
    await record([*blocks(speech[:PART], space="a"), ProgrammeEnd("a", PART)], tmp_path, pool)
    await replayed(tmp_path, pool, control)
    await record([*blocks(speech[:PART], space="b"), ProgrammeEnd("b", PART)], tmp_path, pool)

    await replayed(tmp_path, pool, control, asked=2)

    assert [space for space, _ in control.heard] == ["a", "b"]


async def test_a_space_in_which_nothing_was_recorded_has_no_replay(pool: Executor, tmp_path: Path) -> None:
    control = Control()
    maker = ReplayMaker(tmp_path, control.report, ManualClock(), pool)
    running = asyncio.create_task(maker.run())
    await record([ProgrammeEnd("s", 0)], tmp_path, pool, ended=maker.finish)
    await until(lambda: control.heard)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert control.heard == [("s", Replay(ReplayState.NONE))]


async def test_a_recording_that_still_runs_is_left_alone(speech: Samples, pool: Executor, tmp_path: Path) -> None:
    control = Control()
    await record(blocks(speech[:PART], space="running"), tmp_path, pool)
    await record([*blocks(speech[:PART]), ProgrammeEnd("s", PART)], tmp_path, pool)

    await replayed(tmp_path, pool, control)

    assert [space for space, _ in control.heard] == ["s"]
    assert not (tmp_path / "running" / "replay.m3u8").exists()
