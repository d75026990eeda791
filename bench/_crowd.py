"""Thousands who listen to an edge from processes of their own, each waiting for every part and fetching it, while a
benchmark does something else. They are those of `bench.lateness`.
"""

import json
import subprocess
import sys
from typing import NamedTuple

from bench.lateness import PROCESSES


class Listened(NamedTuple):
    listeners: int  # who still listened at the end
    parts: int


class Crowd:
    """Comes at once, over some seconds; `seconds` is how long it stays after that."""

    def __init__(self, port: int, space: str, listeners: int, seconds: float) -> None:
        share = -(-listeners // PROCESSES)
        words = [sys.executable, "-m", "bench.lateness", "--listen", str(port), space]
        self._processes = [
            subprocess.Popen(
                [*words, str(first), str(min(share, listeners - first)), str(seconds)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for first in range(0, listeners, share or 1)
        ]

    def wait_until_there(self) -> None:
        for process in self._processes:
            assert process.stdout is not None
            process.stdout.readline()

    def wait_until_gone(self) -> Listened:
        told = [json.loads(process.communicate()[0]) for process in self._processes]
        return Listened(*(sum(column) for column in zip((0, 0), *told, strict=True)))

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
