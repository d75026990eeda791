"""Makes a recording's replay: a VOD playlist with its segments, an M4A and a FLAC, all trimmed alike.

Takes are joined end to end: what the stage missed while it was down is cut, not filled, and `Made.cut` says how
much. AAC packets and FLAC frames are copied, never encoded again, so an hour takes about two seconds of a thread.
Files are replaced whole; a segment's name always holds the same bytes, so they may be cached for good.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hustings.base.grid import PART, SAMPLE_RATE
from hustings.broadcast import flac
from hustings.broadcast.adts import AdtsFile
from hustings.broadcast.manifest import Made, Manifest, Take, replace_file
from hustings.broadcast.packager import Packager
from hustings.broadcast.take import CHUNK, FLAC_STOPPED
from hustings.hls.renditions import AAC64
from hustings.hls.vod import INIT_NAME, VodSegment, vod_playlist, vod_segments

PLAYLIST, M4A, FLAC = "replay.m3u8", "replay.m4a", "replay.flac"
BEFORE_FIRST_SOUND = SAMPLE_RATE // 2  # kept, so that no first syllable is lost
_MARGIN = 1.1  # of what is copied: indexes, headers, and something for who records meanwhile
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


def room_needed(folder: Path, manifest: Manifest) -> int:
    """Bytes a replay takes beside what it is made of and may replace: the AAC twice, the FLAC once."""
    names = [name for take in manifest.takes for name in (take.aac, take.aac, take.flac)]
    return int(_MARGIN * sum((folder / name).stat().st_size for name in names if (folder / name).is_file()))


def clear_drafts(folder: Path) -> None:
    """What was being written when the disk refused: others need the room."""
    for path in folder.glob(".*new*"):
        path.unlink(missing_ok=True)


def make_replay(folder: Path, manifest: Manifest, *, trim_start: bool) -> Made | None:
    """Write the replay's files; None when nothing was recorded. Raises OSError when the disk refuses."""
    joined = _Joined(folder, manifest.takes)
    if not len(joined):
        return None
    skip = joined.dead_parts() if trim_start else 0
    first = skip * PART // AAC64.frame
    packager = Packager(AAC64)
    _write_segments(folder, packager, joined, vod_segments(len(joined), AAC64.frame, skip))
    _write_m4a(folder, packager, joined.packets(first, len(joined)), manifest.title)
    lossless = FLAC_STOPPED not in manifest.problems and _write_flac(folder, joined, skip * PART, manifest.title)
    return Made(
        duration=(len(joined) - first) * AAC64.frame / SAMPLE_RATE,
        trim_start=trim_start,
        trimmed=skip * PART / SAMPLE_RATE,
        cut=joined.cut() / SAMPLE_RATE,
        flac=lossless,
    )


def _write_segments(folder: Path, packager: Packager, joined: _Joined, segments: list[VodSegment]) -> None:
    (folder / INIT_NAME).write_bytes(packager.init)
    for segment in segments:
        packets = list(joined.packets(segment.first, segment.stop))
        start = segment.first * AAC64.frame
        (folder / segment.name).write_bytes(packager.fragment(start, segment.number + 1, packets))
    replace_file(folder / PLAYLIST, vod_playlist(segments, AAC64.frame).encode())


def _write_m4a(folder: Path, packager: Packager, packets: Iterator[bytes], title: str) -> None:
    fresh = folder / f".new-{M4A}"
    packager.write_file(fresh, packets, title)
    fresh.replace(folder / M4A)


def _lossless(folder: Path, joined: _Joined) -> Iterator[tuple[int, bytes]]:
    """A frame and the number it has in its take; what a crash or a full disk tore off is silence."""
    for take, _, used in joined.takes:
        whole = used * AAC64.frame // flac.FRAME
        count = 0
        for number, frame in enumerate(flac.frames((folder / take.flac).read_bytes())):
            if number == whole:
                break
            yield number, frame
            count += 1
        for number in range(count, whole):
            yield number, flac.silence(number)


def _write_flac(folder: Path, joined: _Joined, skip: int, title: str) -> bool:
    """Leaves out the first `skip` samples. False when a take has no lossless recording, and so the whole has none."""
    if not all((folder / take.flac).is_file() for take, _, _ in joined.takes):
        return False
    fresh = folder / f".new-{FLAC}"
    with fresh.open("wb") as file:
        file.write(flac.stream_header(len(joined) * AAC64.frame - skip, title))
        kept = islice(_lossless(folder, joined), skip // flac.FRAME, None)
        file.writelines(flac.renumber(frame, old, new) for new, (old, frame) in enumerate(kept))
    fresh.replace(folder / FLAC)
    return True
