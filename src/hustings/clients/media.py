"""The clients' one address for PyAV: files in, frames for aiortc, parts out of a playlist decoded, WAV written.

All of it blocks; callers run it in a thread. Samples are float32, mono, 48 kHz, full scale ±1.
"""

import io
import wave
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import av
import av.error
import numpy as np
import numpy.typing as npt

from hustings.base.grid import SAMPLE_RATE
from hustings.clients.errors import BadAnswer, CannotWrite, NoSuchFile, NotAudio

Samples = npt.NDArray[np.float32]  # shape (n,)
AudioFrame: TypeAlias = av.AudioFrame


def read_voice(path: Path) -> Samples:
    """The whole of any audio file FFmpeg reads. Raises NoSuchFile, NotAudio."""
    if not path.exists():
        raise NoSuchFile(f"There is no file {path}.")
    try:
        with av.open(str(path)) as container:
            samples = _resampled(list(container.decode(audio=0)))
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise NotAudio(
            f"{path} cannot be read as audio. Any format FFmpeg knows will do, such as WAV or FLAC."
        ) from error
    if not samples.size:
        raise NotAudio(f"{path} holds no sound.")
    return samples


def _resampled(frames: list[av.AudioFrame]) -> Samples:
    if frames and all(_is_ours(frame) for frame in frames):
        return np.concatenate([frame.to_ndarray()[0] for frame in frames], dtype=np.float32)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    chunks = [out.to_ndarray()[0] for frame in [*frames, None] for out in resampler.resample(frame)]
    return np.concatenate(chunks, dtype=np.float32) if chunks else np.zeros(0, np.float32)


def _is_ours(frame: av.AudioFrame) -> bool:
    """Float, mono, 48 kHz already: a resampler would only cost, half of what decoding a part does."""
    return frame.format.name in {"flt", "fltp"} and frame.layout.name == "mono" and frame.sample_rate == SAMPLE_RATE


def audio_frame(samples: Samples, pts: int) -> av.AudioFrame:
    """A 16-bit frame as aiortc's encoder takes it; `pts` in samples. Both channels say the same: aiortc sends stereo,
    and would make a mono frame 3 dB quieter."""
    whole = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(whole.repeat(2)[None, :], format="s16", layout="stereo")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = pts
    return frame


def silence(length: int) -> Samples:
    return np.zeros(length, np.float32)


class PartDecoder:
    """Decodes the parts of one rendition in order; one decoder lives through all of them, as in a player."""

    def __init__(self, init: bytes) -> None:
        self._init = init
        self._codec: av.AudioCodecContext | None = None

    def decode(self, part: bytes) -> tuple[float, Samples]:
        """The part's start on the media timeline in seconds (its first tfdt) and its sound. Raises BadAnswer."""
        try:
            with av.open(io.BytesIO(self._init + part), mode="r", format="mp4") as container:
                stream = container.streams.audio[0]
                codec = self._codec or self._open(stream)
                packets = [packet for packet in container.demux(stream) if packet.size]
                start = float((packets[0].pts or 0) * stream.time_base) if packets and stream.time_base else 0.0
                return start, _resampled([frame for packet in packets for frame in codec.decode(packet)])
        except (OSError, av.error.FFmpegError, IndexError) as error:
            raise BadAnswer("The server sent a part that cannot be decoded.") from error

    def _open(self, stream: av.AudioStream) -> av.AudioCodecContext:
        codec = av.CodecContext.create(stream.codec_context.codec.name, "r")
        if not isinstance(codec, av.AudioCodecContext):
            raise BadAnswer("The server sent a rendition that holds no sound.")
        codec.extradata = stream.codec_context.extradata
        self._codec = codec
        return codec


class WavWriter:
    """A 16-bit mono WAV file, written as the sound comes. Raises CannotWrite when it cannot be made."""

    def __init__(self, path: Path) -> None:
        try:
            self._raw = path.open("wb")
        except OSError as error:
            raise CannotWrite(f"{path} cannot be written: {error.strerror}. Choose another file.") from error
        self._file = wave.open(self._raw, "wb")  # noqa: SIM115 - closed by __exit__
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(SAMPLE_RATE)

    def write(self, samples: Samples) -> None:
        self._file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.close()
