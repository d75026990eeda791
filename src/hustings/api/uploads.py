"""Music that hosts upload: streamed to disk, never held whole in memory, decoded by the stage and not here."""

import asyncio
import shutil
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from hustings.base.ids import new_id
from hustings.spaces.errors import BadUpload

KINDS = frozenset({"aac", "flac", "m4a", "mp3", "mp4", "ogg", "opus", "wav", "webm"})


async def receive(request: Request, folder: Path, space_id: str, now: float) -> str:
    """Save the form's `file`; its name in `folder`. Each upload has a name of its own: readers may cache by name."""
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise BadUpload("Send the music as a form with one field named “file”.")
            name = f"{space_id}-preshow-{new_id(now)}.{_kind(file.filename or '')}"
            await asyncio.to_thread(_keep, file.file, folder, name)
            return name
    except MultiPartException as error:
        raise BadUpload("The form could not be read. Send the music as multipart/form-data.") from error


async def discard(folder: Path, name: str | None) -> None:
    if name is not None:
        await asyncio.to_thread((folder / Path(name).name).unlink, missing_ok=True)


def _kind(filename: str) -> str:
    kind = Path(filename).suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise BadUpload(f"Music may be one of {', '.join(sorted(KINDS))}.")
    return kind


def _keep(source: BinaryIO, folder: Path, name: str) -> None:
    """Atomic: a reader sees the whole file or none."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f".{name}"
    with half.open("wb") as file:
        shutil.copyfileobj(source, file, 1024 * 1024)
    if half.stat().st_size == 0:
        half.unlink()
        raise BadUpload("The file is empty.")
    half.rename(folder / name)
