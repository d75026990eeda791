"""Joining FLAC without decoding it: bit for bit what went in, with every checksum right."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.broadcast import flac
from hustings.broadcast.decode import read_audio
from hustings.broadcast.encoder import FlacEncoder, to_pcm16
from hustings.documents.blocks import Samples


@pytest.fixture(scope="module")
def recorded(speech: Samples) -> bytes:
    """What a take that was killed leaves behind."""
    encoder = FlacEncoder()
    return encoder.header + b"".join(encoder.encode(speech))


def decoded(folder: Path, data: bytes) -> Samples:
    """Every frame's checksum is verified; a wrong one raises."""
    path = folder / "joined.flac"
    path.write_bytes(data)
    options = {"err_detect": "crccheck+explode"}
    with av.open(str(path), options=options) as container:
        container.streams.audio[0].codec_context.options = options
        blocks = [frame.to_ndarray().reshape(-1).astype(np.float32) for frame in container.decode(audio=0)]
    return np.concatenate(blocks) / np.float32(32768)


def test_every_frame_is_found(recorded: bytes, speech: Samples) -> None:
    found = list(flac.frames(recorded))

    assert len(found) == speech.size // flac.FRAME
    assert recorded.endswith(b"".join(found))


@pytest.mark.parametrize("lost", [1, 2, 100])
def test_a_torn_last_frame_is_left_out(recorded: bytes, lost: int) -> None:
    assert list(flac.frames(recorded[:-lost])) == list(flac.frames(recorded))[:-1]


def test_renumbered_frames_decode_to_the_same_samples(recorded: bytes, speech: Samples, tmp_path: Path) -> None:
    kept = list(flac.frames(recorded))[30:]
    joined = b"".join(flac.renumber(frame, 30 + n, n) for n, frame in enumerate(kept))

    out = decoded(tmp_path, flac.stream_header(len(kept) * flac.FRAME, "The ferry") + joined)

    assert np.array_equal(to_pcm16(out), to_pcm16(speech[30 * flac.FRAME :]))


def test_a_frame_with_a_wrong_checksum_is_seen_by_this_test(recorded: bytes, tmp_path: Path) -> None:
    broken = bytearray(recorded)
    broken[-1] ^= 1

    with pytest.raises(av.FFmpegError):
        decoded(tmp_path, bytes(broken))


def test_silence_fills_frames_that_are_missing(recorded: bytes, speech: Samples, tmp_path: Path) -> None:
    kept = list(flac.frames(recorded))[:10]
    data = flac.stream_header(15 * flac.FRAME, "The ferry") + b"".join(
        kept + [flac.silence(n) for n in range(10, 15)]
    )

    out = decoded(tmp_path, data)

    assert out.size == 15 * flac.FRAME
    assert not out[10 * flac.FRAME :].any()
    assert np.array_equal(to_pcm16(out[: 10 * flac.FRAME]), to_pcm16(speech[: 10 * flac.FRAME]))


@given(number=st.integers(0, 2**31 - 1), other=st.integers(0, 2**31 - 1))
def test_a_frame_moved_away_and_back_is_itself(number: int, other: int) -> None:
    frame = flac.silence(number)

    assert flac.renumber(frame, number, other) == flac.silence(other)
    assert flac.renumber(flac.renumber(frame, number, other), other, number) == frame


def test_the_header_tells_the_length(tmp_path: Path) -> None:
    path = tmp_path / "silent.flac"
    path.write_bytes(flac.stream_header(3 * flac.FRAME, "The ferry") + b"".join(map(flac.silence, range(3))))

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.duration, stream.rate, stream.channels) == (3 * flac.FRAME, 48_000, 1)
    assert sum(block.size for block in read_audio(path)) == 3 * flac.FRAME
