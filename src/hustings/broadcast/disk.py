"""Files that grow, and room set aside for them. A full disk raises OSError here and loses nothing already given."""

import os
from pathlib import Path


class Appender:
    """Bytes to a file's end: taken at once, given to the disk by `flush`. What the disk refused is tried first by
    the next flush."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._pending = bytearray()

    def add(self, data: bytes) -> None:
        self._pending += data

    def flush(self) -> None:
        """Raises OSError when the disk takes no more."""
        while self._pending:
            written = os.write(self._file, self._pending)
            del self._pending[:written]

    def close(self) -> None:
        os.close(self._file)


def sync_file(path: Path) -> None:
    """Have the disk keep what the file holds. Opens it anew, so that no writer waits; a missing file is fine."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fdatasync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Have the disk keep the names of new files."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def free_bytes(folder: Path) -> int:
    """Room for new files on the folder's disk."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


class Reserve:
    """Room taken while there is some, given back when the programme needs it."""

    NAME = "reserve.bin"

    def __init__(self, folder: Path, size: int) -> None:
        """Takes at most a quarter of what is free; OSError when the disk has none."""
        self._path = folder / self.NAME
        self.size = room = min(size, free_bytes(folder) // 4)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640)
        try:
            if room:
                os.posix_fallocate(file, 0, room)
        finally:
            os.close(file)

    def release(self) -> bool:
        """Give the room back; False when that was done before."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
