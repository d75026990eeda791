"""Puts a backup into an empty folder. Nothing is in its place before all of it was read and its hashes were right."""

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import msgspec

from hustings.base.errors import HustingsError
from hustings.base.settings import make_data_folder
from hustings.broadcast.disk import sync_folder
from hustings.ops.archive import (
    CHUNK,
    DATABASE,
    FORMAT,
    MANIFEST,
    BadArchive,
    Contents,
    Entry,
    FolderNotEmpty,
    Told,
    Watched,
)
from hustings.store.schema import is_newer, newest

ARRIVING = ".restoring"  # below the data folder, so that no move crosses a disk


def restore(archive: Path, folder: Path, told: Told) -> Contents:
    """What was restored. Raises BadArchive, FolderNotEmpty, BadDataFolder."""
    _require_empty(folder)
    try:
        with tarfile.open(archive, "r:") as tar:
            members = {member.name: member for member in tar if member.isreg()}
            contents = _contents(tar, members.get(MANIFEST), archive)
            make_data_folder(folder)
            _arrive(tar, members, contents, folder / ARRIVING, told)
    except (tarfile.TarError, EOFError) as error:
        raise BadArchive(f"{archive} is not a backup of Hustings, or not all of one.") from error
    except OSError as error:
        raise BadArchive(f"Nothing was restored: {error.filename or archive}: {error.strerror or error}.") from error
    _settle(folder)
    return contents


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(path.name != ARRIVING for path in folder.iterdir())):
        raise FolderNotEmpty(f"{folder} is not empty. Name a folder that is new with --data; nothing was changed.")


def _contents(tar: tarfile.TarFile, member: tarfile.TarInfo | None, archive: Path) -> Contents:
    said = tar.extractfile(member) if member is not None else None
    if said is None:
        raise BadArchive(f"{archive} is not a backup of Hustings, or not all of one.")
    with said:
        data = said.read()
    try:
        contents = msgspec.json.decode(data, type=Contents)
    except msgspec.DecodeError as error:
        raise BadArchive(f"{archive} is a backup that this Hustings cannot read. Install a newer one.") from error
    if contents.format > FORMAT or (contents.schema is not None and is_newer(contents.schema)):
        raise BadArchive(
            f"{archive} is of a newer Hustings, {contents.version}: its database is at {contents.schema}, and this "
            f"one knows up to {newest()}. Install {contents.version} or a newer one, then restore it."
        )
    return contents


def _arrive(
    tar: tarfile.TarFile, members: dict[str, tarfile.TarInfo], contents: Contents, arriving: Path, told: Told
) -> None:
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(mode=0o700)
    done = 0
    try:
        for entry in contents.files:
            _extract(tar, members.get(entry.name), entry, arriving, _from(told, done, contents.size))
            done += entry.size
    except (HustingsError, tarfile.TarError, OSError, EOFError):
        shutil.rmtree(arriving, ignore_errors=True)
        raise


def _from(told: Told, before: int, total: int) -> Told:
    return lambda done, _total, what: told(before + done, total, what)


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo | None, entry: Entry, folder: Path, told: Told) -> None:
    source = tar.extractfile(member) if member is not None and _is_below(entry.name) else None
    if member is None or source is None:
        raise BadArchive(f"The backup does not hold {entry.name}, which it names. Use another one.")
    path = folder / entry.name
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with source, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o770), "wb") as file:
        watched = Watched(source, told, 0, entry.size, entry.name)
        while data := watched.read(CHUNK):
            file.write(data)
    if watched.sha256 != entry.sha256:
        raise BadArchive(f"{entry.name} is damaged in this backup, so nothing was restored. Use another one.")


def _is_below(name: str) -> bool:
    """The attack it stops: an archive from somebody else whose names climb out of the folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _settle(folder: Path) -> None:
    """The database last: without it no server takes the folder for an installation that is whole."""
    arriving = folder / ARRIVING
    os.sync()
    for path in sorted(arriving.iterdir(), key=lambda path: path.name == DATABASE):
        path.rename(folder / path.name)
    arriving.rmdir()
    sync_folder(folder)
