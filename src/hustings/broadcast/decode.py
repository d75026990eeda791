"""Reads audio files of people: an uploaded pre-show, a recording, as mono samples at 48 kHz.

One of the folder's three addresses of PyAV. The attacks it stops: a file that unpacks to hours (length is
bounded before it is kept), and a "sound" that is really a list of other files or addresses, which FFmpeg would
open for the sender (only plain audio containers are tried, and only the one file). Synchronous and CPU-bound.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.packet import Packet

from hustings.base.errors import Invalid
from hustings.base.grid import SAMPLE_RATE
from hustings.documents.blocks import Samples

MAX_SECONDS = 30 * 60  # 346 MB as float32
_CONTAINERS = "wav,w64,aiff,caf,mp3,flac,ogg,aac,mov,matroska"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

_UNREADABLE = "This file could not be read as audio. Use WAV, FLAC, MP3, M4A, AAC or Ogg."


class AudioUnreadable(Invalid):
    """The file is no audio that can be decoded."""

    code = "audio_unreadable"


class AudioTooLong(Invalid):
    """The file is longer than may be kept in memory."""

    code = "audio_too_long"


def read_audio(path: Path) -> Iterator[Samples]:
    """Blocks of float32 samples, mono, 48 kHz; damage inside is skipped. Raises AudioUnreadable."""
    try:
        with av.open(str(path), "r", options=_OPTIONS) as container:
            if not container.streams.audio:
                raise AudioUnreadable(_UNREADABLE)
            resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
            for packet in container.demux(container.streams.audio[0]):
                for frame in _decode(packet):
                    frame.pts = None
                    for plain in resampler.resample(frame):
                        yield plain.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            for plain in resampler.resample(None):
                yield plain.to_ndarray().reshape(-1).astype(np.float32, copy=False)
    except (av.FFmpegError, ValueError) as error:
        raise AudioUnreadable(_UNREADABLE) from error


def _decode(packet: "Packet[AudioStream]") -> list[av.AudioFrame]:
    try:
        return packet.decode()
    except av.error.InvalidDataError:
        return []


def decode_audio(path: Path, *, max_seconds: float = MAX_SECONDS) -> Samples:
    """The whole file. Raises AudioUnreadable, or AudioTooLong as soon as `max_seconds` are passed."""
    blocks: list[Samples] = []
    total = 0
    for block in read_audio(path):
        total += block.size
        if total > max_seconds * SAMPLE_RATE:
            raise AudioTooLong(f"This file is longer than {max_seconds / 60:g} minutes. Use a shorter one.")
        blocks.append(block)
    if not total:
        raise AudioUnreadable(_UNREADABLE)
    return np.concatenate(blocks)
