"""Somebody at the desk who notes when the stage answers again and who is heard again."""

import contextlib
import json
import threading
import time
from itertools import pairwise
from typing import Any

import httpx

AGAIN = 0.02  # seconds between two attempts to open the desk


class DeskWatch:
    """Reads a Space's desk with a seat token for as long as it is open; all times are of `time.monotonic`."""

    def __init__(self, url: str, space: str, token: str) -> None:
        self._address = f"{url}/api/v1/spaces/{space}/desk"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._changed = threading.Condition()
        self._gone = threading.Event()
        self._since = time.monotonic()
        self.newest: dict[str, Any] = {}
        self.answered_at: float | None = None
        self.heard_at: dict[str, float] = {}
        self.came_at: list[float] = []  # every event
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def forget(self) -> float:
        """From here on only what comes of a new connection counts; gives back this moment."""
        with self._changed:
            self._since, self.answered_at, self.heard_at = time.monotonic(), None, {}
            return self._since

    def until_heard(self, seats: int, within: float) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard_at) >= seats, within), (
                f"{len(self.heard_at)} of {seats} heard within {within} s: {self.newest}"
            )

    def longest_wait(self, since: float) -> float:
        """Seconds between two events, from `since` until now."""
        with self._changed:
            times = [since, *(at for at in self.came_at if at > since), time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(times))

    def close(self) -> None:
        self._gone.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._gone.wait(AGAIN):
            opened = time.monotonic()
            with contextlib.suppress(httpx.HTTPError):
                self._read(opened)

    def _read(self, opened: float) -> None:
        with httpx.stream("GET", self._address, headers=self._headers, timeout=3.0) as answer:
            for line in answer.iter_lines() if answer.is_success else ():
                if self._gone.is_set():
                    return
                if line.startswith("data: "):
                    self._note(opened, json.loads(line.removeprefix("data: ")))

    def _note(self, opened: float, event: dict[str, Any]) -> None:
        with self._changed:
            now = time.monotonic()
            self.newest = event
            self.came_at.append(now)
            if opened < self._since:
                return
            self.answered_at = self.answered_at or now
            for seat in event.get("seats", ()):
                if seat["speaking"] and seat["connected"] == "connected":
                    self.heard_at.setdefault(seat["id"], now)
            self._changed.notify_all()
