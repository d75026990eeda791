"""Makes a recording's replay: a VOD playlist with its segments, an M4A and a FLAC, all trimmed alike.

Takes are joined end to end: what the stage missed while it was down is cut, not filled, and `Made.cut` says how
much. AAC packets are copied, never encoded again, so an hour takes seconds. Synchronous; runs in a thread.
Files are replaced whole; a segment's name always holds the same bytes, so they may be cached for good.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hustings.base.grid import PART, SAMPLE_RATE
from hustings.broadcast.adts import AdtsFile
from hustings.broadcast.decode import AudioUnreadable, read_audio
from hustings.broadcast.encoder import FLAC_FRAME, FlacEncoder
from hustings.broadcast.manifest import Made, Manifest, Take, replace_file
from hustings.broadcast.packager import Packager
from hustings.broadcast.take import CHUNK, FLAC_STOPPED
from hustings.documents.blocks import Samples
from hustings.hls.renditions import AAC64
from hustings.hls.vod import INIT_NAME, VodSegment, vod_playlist, vod_segments

PLAYLIST, M4A, FLAC = "replay.m3u8", "replay.m4a", "replay.flac"
BEFORE_FIRST_SOUND = SAMPLE_RATE // 2  # kept, so that no first syllable is lost
_FRAMES_PER_CHUNK = CHUNK // AAC64.frame


class _Joined:
    """All takes as one run of AAC packets, whole chunks of each."""

    def __init__(self, folder: Path, takes: list[Take]) -> None:
        self.takes: list[tuple[Take, AdtsFile, int]] = []  # with the number of packets used
        for take in takes:
            path = folder / take.aac
            file = AdtsFile(path.read_bytes() if path.is_file() else b"")
            used = len(file) // _FRAMES_PER_CHUNK * _FRAMES_PER_CHUNK
            if used:
                self.takes.append((take, file, used))

    def __len__(self) -> int:
        return sum(used for _, _, used in self.takes)

    def packets(self, first: int, stop: int) -> Iterator[bytes]:
        for _, file, used in self.takes:
            yield from file.packets(max(0, first), min(used, stop))
            first, stop = first - used, stop - used

    def cut(self) -> int:
        """Samples of the programme that are not there, between takes."""
        ends = [take.start + used * AAC64.frame for take, _, used in self.takes]
        return sum(max(0, after[0].start - end) for end, after in zip(ends, self.takes[1:], strict=False))

    def dead_parts(self) -> int:
        """Whole parts before the first sound; 0 when nothing was ever heard."""
        before = 0
        for take, _, used in self.takes:
            if take.first_sound is not None:
                return max(0, before + take.first_sound - take.start - BEFORE_FIRST_SOUND) // PART
            before += used * AAC64.frame
        return 0


def make_replay(folder: Path, manifest: Manifest, *, trim_start: bool) -> Made | None:
    """Write the replay's files; None when nothing was recorded. Raises OSError when the disk refuses."""
    joined = _Joined(folder, manifest.takes)
    if not len(joined):
        return None
    skip = joined.dead_parts() if trim_start else 0
    first = skip * PART // AAC64.frame
    packager = Packager(AAC64)
    _write_segments(folder, packager, joined, vod_segments(len(joined), AAC64.frame, skip))
    _write_m4a(folder, packager, joined, first)
    flac = FLAC_STOPPED not in manifest.problems and _write_flac(folder, joined, skip * PART)
    return Made(
        duration=(len(joined) - first) * AAC64.frame / SAMPLE_RATE,
        trim_start=trim_start,
        trimmed=skip * PART / SAMPLE_RATE,
        cut=joined.cut() / SAMPLE_RATE,
        flac=flac,
    )


def _write_segments(folder: Path, packager: Packager, joined: _Joined, segments: list[VodSegment]) -> None:
    (folder / INIT_NAME).write_bytes(packager.init)
    for segment in segments:
        packets = list(joined.packets(segment.first, segment.stop))
        start = segment.first * AAC64.frame
        (folder / segment.name).write_bytes(packager.fragment(start, segment.number + 1, packets))
    replace_file(folder / PLAYLIST, vod_playlist(segments, AAC64.frame).encode())


def _write_m4a(folder: Path, packager: Packager, joined: _Joined, first: int) -> None:
    fresh = folder / f".new-{M4A}"
    packager.write_file(fresh, joined.packets(first, len(joined)))
    fresh.replace(folder / M4A)


def _take_samples(path: Path, length: int) -> Iterator[Samples]:
    """Exactly `length` samples of a take's FLAC; what a crash or a full disk tore off is silence."""
    try:
        for block in read_audio(path):
            if length <= 0:
                return
            yield block[:length]
            length -= block.size
    except AudioUnreadable:
        pass  # nothing was on disk yet when the stage died
    if length > 0:
        yield np.zeros(length, np.float32)


def _lossless(folder: Path, joined: _Joined, skip: int) -> Iterator[Samples]:
    for take, _, used in joined.takes:
        for block in _take_samples(folder / take.flac, used * AAC64.frame):
            yield block[skip:]
            skip = max(0, skip - block.size)


def _write_flac(folder: Path, joined: _Joined, skip: int) -> bool:
    """False when a take has no lossless recording, and so the whole has none."""
    if not all((folder / take.flac).is_file() for take, _, _ in joined.takes):
        return False
    encoder, held = FlacEncoder(), np.zeros(0, np.float32)
    fresh = folder / f".new-{FLAC}"
    with fresh.open("wb") as file:
        file.write(encoder.header)
        for block in _lossless(folder, joined, skip):
            held = np.concatenate([held, block])
            whole = held.size // FLAC_FRAME * FLAC_FRAME
            if whole >= PART:
                file.writelines(encoder.encode(held[:whole]))
                held = held[whole:]
        packets, header = encoder.finish(held)
        file.writelines(packets)
        file.seek(0)
        file.write(header)
    fresh.replace(folder / FLAC)
    return True
