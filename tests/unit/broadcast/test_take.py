"""A take's files."""

import os
from pathlib import Path

import pytest

from hustings.broadcast.disk import Reserve
from hustings.broadcast.manifest import Take
from hustings.broadcast.take import TakeWriter


def open_below(folder: Path) -> int:
    return sum(os.path.realpath(file).startswith(str(folder)) for file in Path("/proc/self/fd").iterdir())


def test_a_take_that_gets_one_of_its_two_files_leaves_none_open(tmp_path: Path) -> None:
    take = Take(1, 0, 0.0)
    (tmp_path / take.flac).mkdir()
    with pytest.raises(IsADirectoryError):
        TakeWriter(tmp_path, take, Reserve(tmp_path, 0))
    assert open_below(tmp_path) == 0

    (tmp_path / take.flac).rmdir()
    writer = TakeWriter(tmp_path, take, Reserve(tmp_path, 0))
    assert open_below(tmp_path) == 2
    writer.close()
    assert open_below(tmp_path) == 0
