"""Reads audio files of people: an uploaded pre-show, a recording, as mono samples at 48 kHz.

One of the folder's three addresses of PyAV. The attacks it stops: a file that unpacks to hours (no more is
decoded than is kept), and a "sound" that is really a list of other files or addresses, which FFmpeg would
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

_CONTAINERS = "wav,w64,aiff,caf,mp3,flac,ogg,aac,mov,matroska"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

_UNREADABLE = "This file could not be read as audio. Use WAV, FLAC, MP3, M4A, AAC or Ogg."


class AudioUnreadable(Invalid):
    """The file is no audio that can be decoded."""

    code = "audio_unreadable"


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


def decode_audio(path: Path, longest: int) -> Samples:
    """The first `longest` samples of the file; the rest is not decoded. Raises AudioUnreadable."""
    blocks: list[Samples] = []
    left = longest
    for block in read_audio(path):
        blocks.append(block[:left])
        left -= block.size
        if left <= 0:
            break
    if not blocks:
        raise AudioUnreadable(_UNREADABLE)
    return np.concatenate(blocks)
