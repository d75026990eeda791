"""Music that hosts upload: streamed to disk, never held whole in memory. Its first second is decoded here, to refuse
what is no music while its sender looks; the rest by the stage.
"""

import asyncio
import shutil
from pathlib import Path
from typing import BinaryIO

import structlog
from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from hustings.base.errors import Unavailable
from hustings.base.grid import SAMPLE_RATE
from hustings.base.ids import new_id
from hustings.base.sizes import MUSIC, too_large
from hustings.broadcast.decode import AudioUnreadable, decode_audio
from hustings.spaces.errors import BadUpload

KINDS = frozenset({"aac", "flac", "m4a", "mp3", "mp4", "ogg", "opus", "wav", "webm"})

log = structlog.get_logger(__name__)


class NoRoom(Unavailable):
    """The disk is full, or cannot be written."""

    code = "no_room"
    status = 507


async def receive(request: Request, folder: Path, space_id: str, now: float) -> str:
    """Save the form's `file`; its name in `folder`. Each upload has a name of its own: readers may cache by name."""
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise BadUpload("Send the music as a form with one field named “file”.")
            require_size(file.size or 0)
            name = f"{space_id}-preshow-{new_id(now)}.{_kind(file.filename or '')}"
            await asyncio.to_thread(keep, file.file, folder, name)
            return name
    except MultiPartException as error:
        raise BadUpload("The form could not be read. Send the music as multipart/form-data.") from error
    except OSError as error:
        log.warning("an upload could not be kept", errno=error.errno)
        raise NoRoom("The music could not be saved: this server's disk is full. Tell who runs it.") from error


async def discard(folder: Path, name: str | None) -> None:
    if name is not None:
        await asyncio.to_thread((folder / Path(name).name).unlink, missing_ok=True)


def _kind(filename: str) -> str:
    kind = Path(filename).suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise BadUpload(f"Music may be one of {', '.join(sorted(KINDS))}.")
    return kind


def require_size(size: int) -> None:
    """Raises BadUpload for an empty file, TooLarge above MUSIC."""
    if size == 0:
        raise BadUpload("The file is empty.")
    if size > MUSIC:
        raise too_large(MUSIC)


def keep(source: BinaryIO, folder: Path, name: str) -> None:
    """Atomic: a reader sees the whole file or none, and a full disk is left without the half of it. Raises BadUpload
    for what cannot be decoded."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{name}"
    try:
        with half.open("wb") as file:
            shutil.copyfileobj(source, file, 1024 * 1024)
        _require_sound(half)
        half.rename(folder / name)
    finally:
        half.unlink(missing_ok=True)


def _require_sound(path: Path) -> None:
    try:
        decode_audio(path, SAMPLE_RATE)
    except AudioUnreadable as error:
        raise BadUpload(str(error)) from error
