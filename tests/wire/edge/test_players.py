"""Players nobody here wrote hear every sample, in both forms, whatever becomes of the stage."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.support.needs import need_programs
from tests.support.sounds import HOLD_TONE, LEVEL, assert_unbroken, read_wav, vectors
from tests.wire.edge.conftest import Edge, Stage

from hustings.base.grid import SAMPLE_RATE

PART_BLOCKS = 48  # of 20 ms


def ffmpeg(url: str, out: Path) -> list[str]:
    return [
        "ffmpeg", "-hide_banner", "-loglevel", "warning", "-live_start_index", "0", "-i", url,
        "-ac", "1", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-y", str(out),
    ]  # fmt: skip


def gstreamer(url: str, out: Path) -> list[str]:
    return [
        "gst-launch-1.0", "-q", "souphttpsrc", f"location={url}", "!", "hlsdemux", "!", "decodebin", "!",
        "audioconvert", "!", "audioresample", "!", f"audio/x-raw,format=S16LE,channels=1,rate={SAMPLE_RATE}", "!",
        "wavenc", "!", "filesink", f"location={out}",
    ]  # fmt: skip


PLAYERS = {"ffmpeg": ffmpeg, "gst-launch-1.0": gstreamer}


async def play(player: str, url: str, out: Path) -> asyncio.subprocess.Process:
    need_programs(player)
    return await asyncio.create_subprocess_exec(
        *PLAYERS[player](url, out),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def ends(process: asyncio.subprocess.Process) -> None:
    """Wait until the player has ended by itself, satisfied."""
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("form", ["live/aac64/plain.m3u8", "live/opus32/ll.m3u8", "live.m3u8"])
async def test_a_player_hears_every_sample_from_the_live_edge_to_the_end(
    edge: Edge, stage: Stage, tmp_path: Path, player: str, form: str
) -> None:
    stage.open()
    stage.say(range(16))
    await edge.has(15)
    await edge.has(15, "opus32")
    process = await play(player, edge.url + edge.path(form), tmp_path / "heard.wav")
    await edge.asked.until(".m4s")
    stage.say(range(16, 26))
    stage.end(25)
    await edge.hears_the_end()
    await ends(process)
    assert_unbroken(read_wav(tmp_path / "heard.wav"), seconds=26 * 0.96)


@pytest.mark.parametrize("player", PLAYERS)
async def test_a_player_hears_the_hold_sound_on_the_grid_while_the_stage_is_lost(
    edge: Edge, stage: Stage, holds: dict[str, list[bytes]], tmp_path: Path, player: str
) -> None:
    stage.open(holds=holds)
    stage.say(range(16))
    await edge.has(15)
    await edge.has(15, "opus32")
    process = await play(player, edge.url + edge.path("live/opus32/ll.m3u8"), tmp_path / "heard.wav")
    await edge.asked.until(".m4s")
    stage.lose()
    await edge.is_connected(False)
    edge.clock.advance(8.7)  # 1.96 s until part 16 counts as lost, 0.96 s for each after it
    await edge.has(23, "opus32")
    stage.restart("second")
    await edge.redials()
    resumes = edge.next_number("opus32")
    stage.open(holds=holds)
    stage.say(range(resumes, resumes + 8))
    stage.end(resumes + 7)
    await edge.hears_the_end()
    await ends(process)
    sound = read_wav(tmp_path / "heard.wav")
    assert sound.size / SAMPLE_RATE == pytest.approx((resumes + 8) * 0.96, abs=0.02)
    spoken, held = np.abs(vectors(sound)), np.abs(vectors(sound, HOLD_TONE))
    lost, back = 16 * PART_BLOCKS, resumes * PART_BLOCKS
    for heard, unheard, start, stop in (
        (spoken, held, 0, lost),
        (held, spoken, lost, back),
        (spoken, held, back, -5),
    ):
        assert heard[start + 5 : stop - 5].min() > 0.7 * LEVEL
        assert unheard[start + 5 : stop - 5].max() < 0.3 * LEVEL
