"""A whole Hustings in a folder of its own: the real command, real processes, real ports."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from hustings.server.lifeline import SPARE

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T | None], *, within: float = 15.0, what: str = "it") -> T:
    """The first true answer of `look`; fails the test when none came `within` seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + within
    while True:
        answer = look()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {within} s for {what}; last answer: {answer!r}"
        pause.wait(0.05)


def children_of(pid: int) -> list[int]:
    """Process ids below `pid`, deepest last."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children_of(int(child))]
    return found


def role_of(pid: int) -> str | None:
    """What a child of the supervisor is. A spare has the role's command line, and from its turn on its name."""
    process = Path(f"/proc/{pid}")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it is gone
        command = re.search(r"hustings\.server\.(\w+)", (process / "cmdline").read_bytes().decode())
        waits = f"{SPARE}=".encode() in (process / "environ").read_bytes()
        name = (process / "comm").read_text().strip()
        if command is not None:
            return f"{command[1]} spare" if waits and name != command[1] else command[1]
    return None


class Town:
    """Start, kill and talk to one installation."""

    def __init__(
        self, data: Path, *, flags: tuple[str, ...] = (), environment: dict[str, str] | None = None, port: int = 0
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.flags = flags
        self.environment = environment or {}
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._opened = threading.Event()
        self.token = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "hustings", "serve", "--port", str(self.port), "--data", str(self.data)]
        self._opened.clear()
        with (self.data.parent / f"{self.data.name}.log").open("a") as log:
            self._process = subprocess.Popen(
                [*command, *self.flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self.environment},
            )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        if not self._opened.wait(50):
            self.stop()
            raise AssertionError(f"the doors did not open: {self.log()}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            if "is open at" in line:
                self._opened.set()

    def log(self) -> str:
        return self.whole_log()[-6000:] + "".join(self.lines)

    def whole_log(self) -> str:
        return (self.data.parent / f"{self.data.name}.log").read_text()

    def processes(self) -> dict[str, int]:
        """Role to process id, the supervisor as `supervisor`, and a spare that waits as `stage spare`."""
        assert self._process is not None
        roles = {"supervisor": self._process.pid}
        for pid in children_of(self._process.pid):
            if (role := role_of(pid)) is not None:
                roles[role] = pid
        return roles

    def kill_everything(self) -> None:
        """SIGKILL to every process, the supervisor first, as a power cut would."""
        processes = self.processes()
        assert {"control", "stage", "edge"} <= set(processes)
        for pid in processes.values():
            os.kill(pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._close()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            raise
        finally:
            self._close()

    def _close(self) -> None:
        self._reader.join(10)
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def run(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a `hustings` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "hustings", *words], capture_output=True, text=True, timeout=timeout, check=False
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a `hustings` command and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "hustings", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def account(self, name: str = "ada", role: str = "owner") -> str:
        """Make an account and give back its bearer token."""
        done = self.run("account", "create", name, "--role", role, "--token", "--data", str(self.data))
        assert done.returncode == 0, done.stderr
        self.token = done.stdout.strip().splitlines()[-1]
        return self.token

    def api(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Call /api/v1 + path and give back the JSON of a good answer."""
        response = self.request(method, path, body, token=token)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def request(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        bearer = self.token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return httpx.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=15)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=15, follow_redirects=True)

    def card(self, space: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.get(f"/spaces/{space}/live.json").text)
        return answer
