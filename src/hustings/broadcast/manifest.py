"""What a recording's folder says of itself: takes, tracks, problems, and whether its replay is made.

A take is one run of the stage; a crash ends one and the restart begins the next. The file is replaced whole or
not at all, so a crash leaves the old or the new one. Never says what was spoken.
"""

import os
import re
from pathlib import Path

import msgspec

from hustings.base.errors import NotFound

NAME = "manifest.json"
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Take(msgspec.Struct):
    """One unbroken run. Positions in samples since doors opened; `samples` is 0 until it was closed in order."""

    number: int
    start: int
    started_at: float  # Unix seconds
    samples: int = 0
    first_sound: int | None = None  # position of the first thing loud enough to be somebody

    @property
    def flac(self) -> str:
        return f"take-{self.number}-programme.flac"

    @property
    def aac(self) -> str:
        return f"take-{self.number}-programme.aac"


class Track(msgspec.Struct):
    """What one seat sent during one take; `take.start` is its time 0."""

    seat: str
    name: str
    take: int
    file: str


class Made(msgspec.Struct):
    """The replay as it was last made; times in seconds."""

    duration: float
    trim_start: bool
    trimmed: float
    cut: float  # seconds between takes that are not there: the stage was down
    flac: bool
    reported: bool = False


class Manifest(msgspec.Struct):
    """A recording as a whole. Problems are sentences for the host."""

    space: str
    takes: list[Take] = msgspec.field(default_factory=list)
    tracks: list[Track] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
    ended: bool = False
    made: Made | None = None
    version: int = 1
    title: str = ""  # as the Space was called when its replay was made


def folder_of(recordings: Path, space: str) -> Path:
    """The folder of a Space's recording; NotFound for an id that could lead anywhere else."""
    if not _SAFE_ID.fullmatch(space):
        raise NotFound("There is no such recording.")
    return recordings / space


def load(folder: Path) -> Manifest | None:
    """The folder's manifest; None when there is none or it cannot be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` so that a reader and a crash find the old bytes or the new ones; OSError when it cannot be."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def save(folder: Path, manifest: Manifest) -> None:
    """Raises OSError, as on a full disk."""
    replace_file(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
