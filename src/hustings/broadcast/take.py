"""One take on disk: the programme as FLAC and AAC, each seat as Ogg Opus, and what gives way when the disk is full.

Synchronous; runs in a worker thread. On a disk that takes no more the seats' tracks stop first, then the room
set aside is given back, then the FLAC stops; the AAC, an eighth of its size and what the replay is made of, is
the last. Nothing here raises because of a disk: it says so in `problems`, and the caller's loop goes on.

Sound is taken without touching the disk and written by `flush`, one write a file however much has gathered: a disk
that takes a fifth of a second for each write is then slow, not too slow.
"""

import re
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from hustings.broadcast import adts
from hustings.broadcast.disk import Appender, Reserve, free_bytes
from hustings.broadcast.encoder import FlacEncoder, RenditionEncoder
from hustings.broadcast.manifest import Take, Track
from hustings.broadcast.packager import OggTrack
from hustings.documents.blocks import Samples, SeatPacket
from hustings.hls.renditions import AAC64

log = structlog.get_logger(__name__)

CHUNK = 9216  # samples, 192 ms: nine AAC frames, two FLAC frames, a fifth of a part
AUDIBLE = 10 ** (-45 / 20)  # RMS of a chunk in which somebody is heard
ROOM_AGAIN = 16 * 2**20  # bytes, more than a minute of everything: a disk that is nearly full is no reason to begin
_SAFE_SEAT = re.compile(r"[A-Za-z0-9_-]{1,64}")

TRACKS_STOPPED = "The disk is full: the seats' own tracks stop here, the programme is still recorded."
FLAC_STOPPED = "The disk is full: the lossless recording stops here, the AAC recording goes on."
RESUMED = "There was room again: all of it is recorded again from there on."
ALL_STOPPED = "The disk is full: nothing more of the programme could be recorded."


@dataclass
class _OpenTrack:
    ogg: OggTrack
    file: Appender


def _opened(folder: Path, *names: str) -> dict[str, Appender]:
    """All of them, or none stays open: a disk may have room for one more name and not for two."""
    with ExitStack() as unless_all:
        files = {name: unless_all.enter_context(closing(Appender(folder / name))) for name in names}
        unless_all.pop_all()
    return files


class TakeWriter:
    """Open from the first sample to the last of one run. `samples` is what was written so far."""

    def __init__(self, folder: Path, take: Take, reserve: Reserve) -> None:
        self.take = take
        self.samples = 0
        self.tracks: list[Track] = []
        self.problems: list[str] = []
        self._folder = folder
        self._reserve = reserve
        self._open: dict[str, _OpenTrack] = {}
        self._tracks_stopped = False
        self._flac = FlacEncoder()
        self._aac = RenditionEncoder(AAC64)
        self._files = _opened(folder, take.aac, take.flac)
        self._add(take.flac, self._flac.header)
        self.flush()

    @property
    def paths(self) -> list[Path]:
        """The files that grow, for syncing; may be asked from another thread."""
        tracks = [track.file.path for track in list(self._open.values())]
        return [file.path for file in list(self._files.values())] + tracks

    @property
    def gave_way(self) -> bool:
        """Whether something is not recorded any more, for want of room."""
        return self._tracks_stopped

    @property
    def programme_whole(self) -> bool:
        return len(self._files) == len((self.take.aac, self.take.flac))

    @property
    def room_again(self) -> bool:
        """Whether a new take could record everything, beside the room it sets aside."""
        return free_bytes(self._folder) >= self._reserve.size + ROOM_AGAIN

    def write(self, samples: Samples, packets: Iterable[SeatPacket]) -> None:
        """Take one chunk of the programme and the seats' packets that came meanwhile; `flush` puts them on disk."""
        for packet in packets:
            self._take_packet(packet)
        self._add(self.take.aac, b"".join(map(adts.frame, self._aac.encode(samples))))
        self._add(self.take.flac, b"".join(self._flac.encode(samples)))
        if self.take.first_sound is None and float(np.sqrt(np.mean(np.square(samples)))) > AUDIBLE:
            self.take.first_sound = self.take.start + self.samples
        self.samples += samples.size

    def flush(self) -> None:
        """All that was taken to the disk, the programme first."""
        for name in (self.take.aac, self.take.flac):
            self._flush(name)
        try:
            for track in self._open.values():
                track.file.flush()
        except OSError:
            log.exception("track refused by the disk")
            self._stop_tracks()

    def close(self, packets: Iterable[SeatPacket] = ()) -> None:
        """End in order: the last packets and the encoders' last samples out, the FLAC's length in its header."""
        self.write(np.zeros(CHUNK, np.float32), packets)
        self.flush()
        self.take.samples = self.samples
        for seat in list(self._open):
            self._end_track(seat)
        self._finish_flac()
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _finish_flac(self) -> None:
        if self.take.flac not in self._files:
            return
        packets, header = self._flac.finish(np.zeros(0, np.float32))
        self._add(self.take.flac, b"".join(packets))
        self._flush(self.take.flac)
        try:
            with (self._folder / self.take.flac).open("r+b") as file:
                file.write(header)
        except OSError as error:
            log.warning("flac header not completed", error=error.strerror)

    def _add(self, name: str, data: bytes) -> None:
        if (file := self._files.get(name)) is not None:
            file.add(data)

    def _flush(self, name: str) -> None:
        while (file := self._files.get(name)) is not None:
            try:
                file.flush()
            except OSError:
                log.exception("recording refused by the disk")
                self._make_room()
            else:
                return

    def _make_room(self) -> None:
        """One step down: tracks and the reserve, then the FLAC, then everything."""
        freed = self._reserve.release()
        if not self._tracks_stopped:
            self._stop_tracks()
            return
        if freed:
            return
        stopped = self.take.flac if self.take.flac in self._files else self.take.aac
        self.problems.append(FLAC_STOPPED if stopped == self.take.flac else ALL_STOPPED)
        self._files.pop(stopped).close()

    def _stop_tracks(self) -> None:
        self._tracks_stopped = True
        self.problems.append(TRACKS_STOPPED)
        for track in self._open.values():
            track.file.close()
        self._open.clear()

    def _take_packet(self, packet: SeatPacket) -> None:
        if self._tracks_stopped or not _SAFE_SEAT.fullmatch(packet.seat):
            return
        try:
            track = self._open.get(packet.seat) or self._begin_track(packet)
        except OSError:
            log.exception("track refused by the disk")
            self._stop_tracks()
            return
        track.file.add(track.ogg.push(max(0, packet.position - self.take.start), packet.opus))

    def _begin_track(self, packet: SeatPacket) -> _OpenTrack:
        name = f"seat-{packet.seat}-{self.take.number}.opus"
        track = self._open[packet.seat] = _OpenTrack(OggTrack(), Appender(self._folder / name))
        self.tracks.append(Track(packet.seat, packet.name, self.take.number, name))
        return track

    def _end_track(self, seat: str) -> None:
        track = self._open.pop(seat)
        try:
            track.file.add(track.ogg.finish())
            track.file.flush()
        except OSError as error:
            log.warning("track's end refused by the disk", error=error.strerror)
        track.file.close()
