"""One take on disk: the programme as FLAC and AAC, each seat as Ogg Opus, and what gives way when the disk is full.

Synchronous; runs in a worker thread. On a disk that takes no more the seats' tracks stop first, then the room
set aside is given back, then the FLAC stops; the AAC, an eighth of its size and what the replay is made of, is
the last. Nothing here raises because of a disk: it says so in `problems`, and the caller's loop goes on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from hustings.broadcast import adts
from hustings.broadcast.disk import Appender, Reserve
from hustings.broadcast.encoder import FlacEncoder, RenditionEncoder
from hustings.broadcast.manifest import Take, Track
from hustings.broadcast.packager import OggTrack
from hustings.documents.blocks import Samples, SeatPacket
from hustings.hls.renditions import AAC64

log = structlog.get_logger(__name__)

CHUNK = 9216  # samples, 192 ms: nine AAC frames, two FLAC frames, a fifth of a part
AUDIBLE = 10 ** (-45 / 20)  # RMS of a chunk in which somebody is heard
_SAFE_SEAT = re.compile(r"[A-Za-z0-9_-]{1,64}")

TRACKS_STOPPED = "The disk is full: the seats' own tracks stop here, the programme is still recorded."
FLAC_STOPPED = "The disk is full: the lossless recording stops here, the AAC recording goes on."
ALL_STOPPED = "The disk is full: nothing more of the programme could be recorded."


@dataclass
class _OpenTrack:
    ogg: OggTrack
    file: Appender


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
        self._files: dict[str, Appender] = {}
        for name in (take.aac, take.flac):
            self._files[name] = Appender(folder / name)
        self._append({take.flac: self._flac.header})

    @property
    def paths(self) -> list[Path]:
        """The files that grow, for syncing; may be asked from another thread."""
        tracks = [track.file.path for track in list(self._open.values())]
        return [file.path for file in list(self._files.values())] + tracks

    def write(self, samples: Samples, packets: Iterable[SeatPacket]) -> None:
        """One chunk of the programme and the seats' packets that came meanwhile."""
        for packet in packets:
            self._write_packet(packet)
        aac = b"".join(map(adts.frame, self._aac.encode(samples)))
        self._append({self.take.aac: aac, self.take.flac: b"".join(self._flac.encode(samples))})
        if self.take.first_sound is None and float(np.sqrt(np.mean(np.square(samples)))) > AUDIBLE:
            self.take.first_sound = self.take.start + self.samples
        self.samples += samples.size

    def close(self, packets: Iterable[SeatPacket] = ()) -> None:
        """End in order: the last packets and the encoders' last samples out, the FLAC's length in its header."""
        self.write(np.zeros(CHUNK, np.float32), packets)
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
        self._append({self.take.flac: b"".join(packets)})
        try:
            with (self._folder / self.take.flac).open("r+b") as file:
                file.write(header)
        except OSError as error:
            log.warning("flac header not completed", error=error.strerror)

    def _append(self, data: dict[str, bytes]) -> None:
        for name, grown in data.items():
            file = self._files.get(name)
            rest = grown
            while file is not None:
                try:
                    file.write(rest)
                    break
                except OSError:
                    log.exception("recording refused by the disk")
                    rest = b""  # the file kept it, and tries it again
                    self._make_room()
                    file = self._files.get(name)

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

    def _write_packet(self, packet: SeatPacket) -> None:
        if self._tracks_stopped or not _SAFE_SEAT.fullmatch(packet.seat):
            return
        try:
            track = self._open.get(packet.seat) or self._begin_track(packet)
            track.file.write(track.ogg.push(max(0, packet.position - self.take.start), packet.opus))
        except OSError:
            log.exception("track refused by the disk")
            self._stop_tracks()

    def _begin_track(self, packet: SeatPacket) -> _OpenTrack:
        name = f"seat-{packet.seat}-{self.take.number}.opus"
        track = self._open[packet.seat] = _OpenTrack(OggTrack(), Appender(self._folder / name))
        self.tracks.append(Track(packet.seat, packet.name, self.take.number, name))
        return track

    def _end_track(self, seat: str) -> None:
        track = self._open.pop(seat)
        try:
            track.file.write(track.ogg.finish())
        except OSError as error:
            log.warning("track's end refused by the disk", error=error.strerror)
        track.file.close()
