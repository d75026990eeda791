"""Puts packets into containers: CMAF parts for the live programme and the replay, MP4 and Ogg files.

One of the folder's three addresses of PyAV. A part is made by a muxer of its own that is told where the part
stands, so it is ready with its last packet (a fragmenting muxer would wait for the first one of the next) and
its bytes are a function of its packets and its number alone. Never encodes.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from hustings.base.grid import PART, SAMPLE_RATE
from hustings.broadcast.encoder import TIME_BASE, configure, library_name
from hustings.broadcast.opus_packet import opus_samples
from hustings.hls.fmp4 import sequence_of, split_init
from hustings.hls.renditions import OPUS32, Rendition

_EXACT = {"fflags": "+bitexact"}
_CMAF = _EXACT | {"movflags": "cmaf+empty_moov+default_base_moof+frag_discont+skip_trailer"}
_FILE = _EXACT | {"movflags": "+faststart"}
_OGG_PAGE = 100_000  # microseconds; the muxer keeps one page back, so a crash costs a track twice that
_FOREVER = 2**31  # microseconds: the muxer never cuts a fragment by itself


class _Sink:
    """A write-only file in memory; PyAV then treats the output as a stream that cannot seek."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self.data)
        self.data.clear()
        return taken


def _mux(output: OutputContainer, stream: AudioStream, packets: Iterable[bytes], start: int, frame: int) -> None:
    for index, payload in enumerate(packets):
        packet: Packet[AudioStream] = Packet(payload)  # type: ignore[assignment]
        packet.stream, packet.time_base = stream, TIME_BASE
        packet.pts = packet.dts = start + index * frame
        packet.duration, packet.is_keyframe = frame, True
        output.mux_one(packet)


def _add_encoder(output: OutputContainer, rendition: Rendition) -> AudioStream:
    stream = output.add_stream(library_name(rendition), rate=SAMPLE_RATE)
    assert isinstance(stream, AudioStream)
    configure(stream.codec_context, rendition)
    stream.time_base = TIME_BASE
    return stream


def _make_init(rendition: Rendition) -> bytes:
    sink = _Sink()
    with av.open(sink, "w", format="mp4", options=_CMAF) as output:
        _add_encoder(output, rendition)
        output.start_encoding()
    return split_init(sink.take())[0]


class Packager:
    """Makes one rendition's init segment and parts."""

    def __init__(self, rendition: Rendition) -> None:
        self.rendition = rendition
        self.init = _make_init(rendition)
        self._template: InputContainer = av.open(io.BytesIO(self.init), "r", format="mp4")

    def _add_stream(self, output: OutputContainer) -> AudioStream:
        stream = output.add_stream_from_template(self._template.streams.audio[0])
        stream.time_base = TIME_BASE
        return stream

    def part(self, number: int, packets: Sequence[bytes]) -> bytes:
        """One moof and one mdat whose decode time is that of part `number`; any number of packets."""
        return self.fragment(number * PART, sequence_of(number), packets)

    def fragment(self, start: int, sequence: int, packets: Sequence[bytes]) -> bytes:
        """As `part`, with the decode time in samples and the sequence number given."""
        sink = _Sink()
        options = _CMAF | {"fragment_index": str(sequence), "frag_duration": str(_FOREVER - 1)}
        with av.open(sink, "w", format="mp4", options=options) as output:
            _mux(output, self._add_stream(output), packets, start, self.rendition.frame)
        return split_init(sink.take())[1]

    def write_file(self, path: Path, packets: Iterable[bytes], title: str) -> None:
        """A whole MP4 file whose index stands first, so that it plays while it is fetched."""
        with av.open(str(path), "w", format="mp4", options=_FILE) as output:
            output.metadata["title"] = title
            _mux(output, self._add_stream(output), packets, 0, self.rendition.frame)


class OggTrack:
    """Opus packets as they came, into Ogg pages of 100 ms; a gap is a jump of the granule position.

    A sender's clock is not ours: packets follow one another by their own durations, and only a hole of more
    than JUMP moves the track on to the programme's position.
    """

    JUMP = 9600  # samples, 200 ms: above any burst a jitter buffer lets through

    def __init__(self) -> None:
        self._sink = _Sink()
        options = _EXACT | {"page_duration": str(_OGG_PAGE), "flush_packets": "1"}
        self._output = av.open(self._sink, "w", format="ogg", options=options)
        self._stream = _add_encoder(self._output, OPUS32)
        self._next = 0

    def push(self, position: int, opus: bytes) -> bytes:
        """The bytes to append to the track's file; `position` in samples. What is no Opus packet is left out."""
        samples = opus_samples(opus)
        if not samples:
            return b""
        if position - self._next > self.JUMP or not self._next:
            self._next = max(self._next, position)
        _mux(self._output, self._stream, [opus], self._next, samples)
        self._next += samples
        return self._sink.take()

    def finish(self) -> bytes:
        self._output.close()
        return self._sink.take()
