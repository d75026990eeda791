"""Disks as they fail: one that is small, and one that takes a fifth of a second for every write."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.needs import need_programs

SLOW = 0.2  # seconds a write
_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  const char *folder = getenv("SLOW_FOLDER");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (folder && length > 0 && (path[length] = 0, strncmp(path, folder, strlen(folder))) == 0) usleep(200000);
  return real(fd, data, size);
}
"""


class SmallDisk:
    """A disk of its own, in memory. `fill` leaves so many bytes; `clear` takes the filling away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        state = os.statvfs(self.folder)
        with self._ballast.open("ab") as file:
            size = max(0, state.f_bavail * state.f_frsize - leave)
            if size:
                os.posix_fallocate(file.fileno(), file.tell(), size)

    def clear(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Needs the right to mount; the test is skipped where there is none."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk (run as root to include this test)")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def slow_disk(folder: Path, shim: Path) -> dict[str, str]:
    """The environment of a process for which every write to a file below `folder` takes SLOW."""
    need_programs("gcc")
    source = shim.with_suffix(".c")
    source.write_text(_SHIM)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(source), "-ldl"], check=True, timeout=30)
    return {**os.environ, "LD_PRELOAD": str(shim), "SLOW_FOLDER": str(folder)}
