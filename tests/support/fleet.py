"""Edges of a town as processes of their own, each as if on another machine."""

import os
import signal
import subprocess
import sys

import httpx
from tests.support.town import Town, eventually, free_port


class DistantEdge:
    """`hustings edge`, started, ended or lost as a machine is."""

    def __init__(self, town: Town, origin: str = "") -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._origin = origin or town.url
        self._key = (town.data / "cluster.key").read_text()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["edge", "--origin", self._origin, "--port", str(self.port)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hustings", *words],
            env={**os.environ, "HUSTINGS_CLUSTER_KEY": self._key},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def serves(self, path: str) -> None:
        """Wait until it answers there."""
        eventually(lambda: self._answers(path), within=30, what="the edge")

    def _answers(self, path: str) -> bool:
        try:
            return httpx.get(f"http://{self.address}{path}", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """As a service manager does."""
        self._end(signal.SIGTERM)

    def lose(self) -> None:
        """The machine is gone: every process of it at once."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            if how is signal.SIGKILL:
                os.killpg(self._process.pid, how)
            else:
                self._process.send_signal(how)
        self._process.wait(20)
