"""Copies a data folder into one archive while a conversation is live. Never waits for the server, nor it for this.

The database is copied as of one moment, then the rest: what grows meanwhile (recordings) is taken up to where it had
grown, as after a power cut. The archive takes its name when all of it is on disk.
"""

import errno
import os
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BufferedWriter, BytesIO, FileIO
from pathlib import Path
from typing import Any

import msgspec

from hustings import __version__
from hustings.base.clock import Clock
from hustings.base.settings import ADDRESS, Settings
from hustings.broadcast import manifest as recording
from hustings.broadcast.disk import Reserve, sync_file, sync_folder
from hustings.ops.archive import CHUNK, DATABASE, FORMAT, MANIFEST, Contents, Entry, NotBackedUp, Told, Watched
from hustings.store.copies import FOLDER as COPIES
from hustings.store.copies import copy_database, revision_in, sqlite_file
from hustings.store.errors import StoreFull

# Of this run, of this machine, or made anew; names that begin with a dot are drafts.
LEFT_OUT = frozenset({ADDRESS, COPIES, Reserve.NAME, *(f"{DATABASE}{end}" for end in ("", "-wal", "-shm"))})
LEFT_OUT_ENDINGS = (".lock", ".new")
LEFT_FREE = 1_000_000_000  # bytes on the server's own disk: a backup must not end the recording
SYNC_EVERY = 32 * CHUNK  # a disk with much to write at once holds up who records beside it


def back_up(
    settings: Settings, clock: Clock, out: Path | None, told: Told, *, recordings: bool
) -> tuple[Path, Contents]:
    """The archive, and what is in it. `out` is a file, or a folder for one. Raises NotBackedUp, StoreFailed."""
    target = _target(settings, clock, out)
    if not settings.data.is_dir():
        raise NotBackedUp(f"There is no data folder {settings.data}. Is --data right?")
    try:
        with tempfile.TemporaryDirectory(prefix=".hustings-", dir=target.parent) as work:
            draft = Path(work) / "archive"
            contents = _Backup(settings, clock, Path(work), told).write(draft, recordings=recordings)
            sync_file(draft)
            draft.rename(target)
        sync_folder(target.parent)
    except StoreFull as error:
        raise NotBackedUp(_full(target)) from error
    except OSError as error:
        raise NotBackedUp(_sentence(error, target)) from error
    return target, contents


def _target(settings: Settings, clock: Clock, out: Path | None) -> Path:
    made = datetime.fromtimestamp(clock.now(), UTC)
    target = Path() if out is None else out
    if target.is_dir():
        target = target / f"hustings-{made:%Y%m%d-%H%M%S}.tar"
    if not target.parent.is_dir():
        raise NotBackedUp(f"There is no folder {target.parent} to put the backup into.")
    if target.exists():
        raise NotBackedUp(f"There is a file {target} already. Choose another name, or none.")
    if target.absolute().resolve().is_relative_to(settings.data.absolute().resolve()):
        raise NotBackedUp("A backup inside the data folder is lost with it. Choose another place with --out.")
    return target


def _sentence(error: OSError, target: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _full(target)
    return f"There is no backup: {error.filename or target}: {error.strerror or error}."


def _full(target: Path) -> str:
    return f"There is no backup: the disk of {target.parent.absolute()} is full. Choose another with --out."


class _Backup:
    def __init__(self, settings: Settings, clock: Clock, work: Path, told: Told) -> None:
        self._settings, self._clock, self._work, self._told = settings, clock, work, told
        self._entries: list[Entry] = []
        self._done = self._total = 0

    def write(self, draft: Path, *, recordings: bool) -> Contents:
        database, revision = self._copied_database()
        files = [*database, *_files(self._settings, recordings=recordings)]
        self._total = sum(_size(path) for _, path in files)
        self._require_room()
        file = _Paced(FileIO(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"))
        # A file of two names is put in twice. Large reads, so that progress is told now and then.
        with file, tarfile.TarFile(mode="w", fileobj=file, dereference=True, copybufsize=CHUNK) as tar:
            for name, path in files:
                self._add(tar, name, path)
            made_at = self._clock.now()
            contents = Contents(FORMAT, __version__, revision, made_at, recordings, tuple(self._entries))
            _add_manifest(tar, contents)
        return contents

    def _copied_database(self) -> tuple[list[tuple[str, Path]], str | None]:
        """First of all: what is recorded and planned after it does the least harm beside it."""
        database = sqlite_file(self._settings.store_url())
        if database is None:
            return [], None
        if not database.exists():
            raise NotBackedUp(f"There is no installation in {self._settings.data}. Is --data right?")
        copy = self._work / DATABASE
        copy_database(database, copy)
        return [(DATABASE, copy)], revision_in(copy)

    def _require_room(self) -> None:
        state = os.statvfs(self._work)
        same_disk = self._work.stat().st_dev == self._settings.data.stat().st_dev
        free = state.f_bavail * state.f_frsize - (LEFT_FREE if same_disk else 0)
        if free < self._total:
            raise NotBackedUp(
                f"There is no backup: it needs {self._total / 1e9:.1f} GB, and {self._work.parent.absolute()} has "
                f"{max(0, free) / 1e9:.1f} GB to spare. Choose another disk with --out, or leave out the recordings."
            )

    def _add(self, tar: tarfile.TarFile, name: str, path: Path) -> None:
        try:
            file = path.open("rb")
        except FileNotFoundError:  # deleted since: its Space was
            return
        with file:
            info = tar.gettarinfo(arcname=name, fileobj=file)
            info.uid, info.gid, info.uname, info.gname, info.mtime = 0, 0, "", "", int(info.mtime)
            watched = Watched(file, self._told, self._done, self._total, name)
            tar.addfile(info, watched)  # type: ignore[arg-type]  # reads exactly info.size, by read() alone
        self._done += info.size
        self._entries.append(Entry(name, info.size, watched.sha256))


def _add_manifest(tar: tarfile.TarFile, contents: Contents) -> None:
    said = msgspec.json.format(msgspec.json.encode(contents), indent=1)
    info = tarfile.TarInfo(MANIFEST)
    info.size, info.mode, info.mtime = len(said), 0o600, int(contents.made_at)
    tar.addfile(info, BytesIO(said))


class _Paced(BufferedWriter):
    """A file of which the disk is told to keep what was written, now and then."""

    _unkept = 0  # bytes

    def write(self, data: Any, /) -> int:
        written = super().write(data)
        self._unkept += written
        if self._unkept >= SYNC_EVERY:
            self.flush()
            os.fdatasync(self.fileno())
            self._unkept = 0
        return written


def _files(settings: Settings, *, recordings: bool) -> Iterator[tuple[str, Path]]:
    """Name and path of everything that is kept; a recording's manifest before the takes that it names."""
    recorded = settings.recordings().name
    for folder, folders, names in os.walk(settings.data):
        here = Path(folder).relative_to(settings.data)
        folders[:] = sorted(
            name for name in folders if _is_kept(name) and (recordings or str(here / name) != recorded)
        )
        for name in sorted(filter(_is_kept, names), key=lambda name: (name != recording.NAME, name)):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield (here / name).as_posix(), path


def _is_kept(name: str) -> bool:
    return not (name.startswith(".") or name in LEFT_OUT or name.endswith(LEFT_OUT_ENDINGS))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
