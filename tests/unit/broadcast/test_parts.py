"""Parts as players get them: exact durations, exact places, no seam, the same after a restart."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly
from tests.support.scores import pesq

from hustings.base.grid import PART
from hustings.broadcast.broadcaster import make_hold
from hustings.broadcast.decode import read_audio
from hustings.broadcast.encoder import RenditionEncoder
from hustings.broadcast.packager import Packager
from hustings.documents.blocks import Samples
from hustings.hls.fmp4 import part_info, retime
from hustings.hls.renditions import AAC64, OPUS32, RENDITIONS, Rendition

DELAY = {AAC64.name: 2048, OPUS32.name: 312}  # samples: how much later on the grid a sound is heard

every_rendition = pytest.mark.parametrize("rendition", RENDITIONS, ids=lambda r: r.name)


def parts_of(rendition: Rendition, samples: Samples, first: int = 0) -> tuple[bytes, list[bytes]]:
    encoder, packager = RenditionEncoder(rendition), Packager(rendition)
    pieces = samples.reshape(-1, PART)
    return packager.init, [packager.part(first + i, encoder.encode(piece)) for i, piece in enumerate(pieces)]


def heard(folder: Path, init: bytes, parts: list[bytes]) -> Samples:
    path = folder / "heard.mp4"
    path.write_bytes(init + b"".join(parts))
    return np.concatenate(list(read_audio(path)))


@every_rendition
def test_a_part_is_exactly_its_place_on_the_grid(rendition: Rendition, speech: Samples) -> None:
    _, parts = parts_of(rendition, speech, first=1_000_000)

    for index, part in enumerate(parts):
        info = part_info(part)
        assert info.duration == PART
        assert info.frames == PART // rendition.frame
        assert info.decode_time == (1_000_000 + index) * PART
        assert info.sequence == 1_000_000 + index + 1


@every_rendition
def test_a_part_is_ready_with_its_last_sample(rendition: Rendition, tone: Samples) -> None:
    encoder = RenditionEncoder(rendition)

    counts = [len(encoder.encode(frame)) for frame in tone[:PART].reshape(-1, rendition.frame)]

    assert counts == [1] * (PART // rendition.frame)


@every_rendition
def test_parts_decode_without_a_gap_or_a_seam(rendition: Rendition, tone: Samples, tmp_path: Path) -> None:
    init, parts = parts_of(rendition, tone)

    out = heard(tmp_path, init, parts)

    shift = DELAY[rendition.name]
    assert abs(out.size - tone.size) <= shift
    late = out.size - tone.size + shift  # a decoder that honours Opus pre-skip leaves it out
    settled = slice(PART, 9 * PART)
    error = out[late:][settled] - tone[settled]
    worst = np.abs(error).reshape(-1, PART).max(axis=1)
    assert worst.max() < 0.05, worst


@every_rendition
def test_a_restarted_stage_makes_the_same_init(rendition: Rendition) -> None:
    assert Packager(rendition).init == Packager(rendition).init


@every_rendition
def test_a_restart_plays_on_under_the_same_init(rendition: Rendition, tone: Samples, tmp_path: Path) -> None:
    init, before = parts_of(rendition, tone[: 5 * PART])
    _, after = parts_of(rendition, tone[5 * PART :], first=5)

    out = heard(tmp_path, init, before + after)

    assert [part_info(part).decode_time for part in before + after] == [PART * n for n in range(10)]
    assert abs(out.size - tone.size) <= DELAY[rendition.name]


@every_rendition
def test_a_moved_part_is_the_part_made_there(rendition: Rendition, speech: Samples) -> None:
    packets = RenditionEncoder(rendition).encode(speech[:PART])
    packager = Packager(rendition)

    moved = retime(packager.part(3, packets), 70_000)

    assert moved == packager.part(70_000, packets)
    assert moved != packager.part(3, packets)


@every_rendition
def test_the_hold_loop_has_no_seam(rendition: Rendition, tmp_path: Path) -> None:
    whole_periods = 2 * np.pi * 800 / (2 * PART) * np.arange(2 * PART)
    loop = (0.3 * np.sin(whole_periods)).astype(np.float32)

    parts = make_hold(rendition, loop)
    out = heard(tmp_path, Packager(rendition).init, [retime(part, n) for n, part in enumerate(parts * 3)])

    assert len(parts) == 2
    ideal = np.tile(loop, 3)
    late = out.size - ideal.size + DELAY[rendition.name]
    seam = slice(2 * PART - 2048, 2 * PART + 4096)
    assert np.abs(out[late:][seam] - ideal[seam]).max() < 0.03


@pytest.mark.parametrize(("rendition", "floor"), [(AAC64, 4.2), (OPUS32, 4.2)], ids=["aac64", "opus32"])
def test_speech_stays_speech(rendition: Rendition, floor: float, speech: Samples, tmp_path: Path) -> None:
    init, parts = parts_of(rendition, speech)

    out = heard(tmp_path, init, parts)

    late = out.size - speech.size + DELAY[rendition.name]
    length = speech.size - 4096
    narrow = [resample_poly(wave[:length], 1, 3) for wave in (speech, out[late:])]
    assert pesq(16_000, narrow[0], narrow[1], "wb") >= floor


@every_rendition
def test_ffprobe_agrees(rendition: Rendition, speech: Samples, tmp_path: Path) -> None:
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("ffprobe is not installed")
    init, parts = parts_of(rendition, speech, first=100)
    path = tmp_path / "parts.mp4"
    path.write_bytes(init + b"".join(parts))

    told = subprocess.run(
        [ffprobe, "-v", "warning", "-show_entries", "packet=pts", "-of", "csv=p=0", str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    times = [int(line.strip(",")) for line in told.stdout.split()]
    assert told.stderr == ""
    assert times == [100 * PART + n * rendition.frame for n in range(10 * PART // rendition.frame)]
