"""One role dies, mid-sentence and with everybody there: those who listen and those who speak do nothing about it."""

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from tests.support.evening import evening, nobody_heard_a_break
from tests.support.hearing import voices, write_wav
from tests.support.town import Town, eventually

LOCKED = 8.0  # seconds
BOUND = 12.0  # seconds within which the API answers while nothing can be written


@contextlib.contextmanager
def locked(database: Path, seconds: float) -> Iterator[None]:
    """Another process writes to the database for so long."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=10, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(seconds, connection.execute, ("ROLLBACK",))
    release.start()
    yield
    release.join()
    connection.close()


def tried_again(town: Town, title: str, answers: list[httpx.Response]) -> str:
    """Announce a Space as a person who is told to try again does; the id of what was made at last."""

    def attempt() -> Any:
        begun = time.monotonic()
        answer = town.request("POST", "/spaces", {"title": title})
        assert time.monotonic() - begun < BOUND
        answers.append(answer)
        return answer.is_success and answer.json()["id"]

    return str(eventually(attempt, within=40, what="an answer that is not a refusal"))


@pytest.mark.timeout(240)
def test_the_stage_killed_and_control_killed_with_its_database_locked_nobody_who_listens_hears_a_break(
    town: Town, browser: Browser, tmp_path: Path
) -> None:
    write_wav(tmp_path / "said.wav", voices(tmp_path)["en-us"])
    refused: list[httpx.Response] = []
    with evening(town, browser, tmp_path / "said.wav") as going:
        spare = eventually(lambda: town.processes().get("stage spare"), within=30, what="the stage's spare")
        going.watch.forget()
        os.kill(town.processes()["stage"], signal.SIGKILL)
        going.watch.until_heard(1, 30)
        assert town.processes()["stage"] == spare

        killed_at, before = time.monotonic(), town.processes()["control"]
        just_before = town.api("POST", "/spaces", {"title": "Announced just before"})["id"]
        with locked(town.data / "hustings.db", LOCKED):
            os.kill(before, signal.SIGKILL)
            meanwhile = tried_again(town, "Announced meanwhile", refused)
        assert going.watch.longest_wait(killed_at) < 3

        town.api("POST", f"/spaces/{going.space}/end")
        nobody_heard_a_break(town, going)
    card = eventually(lambda: c if (c := town.card(going.space))["replay"]["state"] == "ready" else None)

    assert {(answer.status_code, answer.json()["code"]) for answer in refused[:-1]} == {(503, "unavailable")}
    for answered, title in ((just_before, "Announced just before"), (meanwhile, "Announced meanwhile")):
        assert town.api("GET", f"/spaces/{answered}")["title"] == title
    assert town.processes()["control"] != before
    assert card["replay"]["duration"] > LOCKED
    done = town.run("listen", f"{town.url}/spaces/{going.space}", "--seconds", "5")
    assert done.returncode == 0, done.stderr
