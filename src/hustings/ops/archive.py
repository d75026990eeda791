"""What an archive of a data folder says of itself, and what keeps one from being made or used.

A plain tar; its last member is the manifest, so that an archive torn off anywhere is known as one.
"""

import hashlib
from typing import Protocol

import msgspec

from hustings.base.errors import Conflict, Invalid

MANIFEST = "backup.json"  # the last member's name
FORMAT = 1
DATABASE = "hustings.db"  # as Settings.database() has it, whatever it was called where it was copied
CHUNK = 1024 * 1024


class Entry(msgspec.Struct, frozen=True):
    """One file: where it lies below the data folder, and what it held."""

    name: str
    size: int
    sha256: str


class Contents(msgspec.Struct, frozen=True):
    """The manifest. `schema` is the database's revision, None where the archive has no database."""

    format: int
    version: str  # of the Hustings that made it
    schema: str | None
    made_at: float  # Unix seconds
    recordings: bool
    files: tuple[Entry, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class NotBackedUp(Conflict):
    """There is no archive: no room, no installation, or a name that is taken."""

    code = "not_backed_up"


class BadArchive(Invalid):
    """No archive of ours, one that is not whole, or one of a newer program."""

    code = "bad_archive"


class FolderNotEmpty(Conflict):
    """Somebody's files are where the archive was to be restored."""

    code = "folder_not_empty"


class Told(Protocol):
    """Hears how far it is: bytes of all bytes, and which folder they belong to."""

    def __call__(self, done: int, total: int, what: str, /) -> None: ...


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Watched:
    """Reads a source, knows the hash of what was read, and tells how far it is."""

    def __init__(self, source: Source, told: Told, done: int, total: int, name: str) -> None:
        self._source, self._told, self._done, self._total = source, told, done, total
        self._what = "database" if name == DATABASE else name.partition("/")[0]
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        self._done += len(data)
        self._told(self._done, self._total, self._what)
        return data

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
