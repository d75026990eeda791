"""One role dies, mid-sentence and with everybody there: those who listen and those who speak do nothing about it."""

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from tests.support.desk_watch import DeskWatch
from tests.support.hearing import voices, write_wav
from tests.support.players import HlsJs, Program, ffmpeg, gstreamer, last_part, off_the_grid
from tests.support.town import Town, eventually

from hustings.hls.playlist import TARGET_DURATION

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


@dataclass
class Evening:
    """A live Space with one who speaks, one at the desk and three players nobody touches."""

    space: str
    watch: DeskWatch
    programs: list[Program]
    hls: HlsJs


@contextlib.contextmanager
def evening(town: Town, browser: Browser, said: Path) -> Iterator[Evening]:
    space = town.api("POST", "/spaces", {"title": "The ferry"})["id"]
    town.api("POST", f"/spaces/{space}/live")
    host = town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"]
    address, playlist = f"{town.url}/spaces/{space}", f"{town.url}/spaces/{space}/live/aac64/ll.m3u8"
    speaking = town.begin("speak", address, "--token", host, "--file", str(said), "--loop")
    watch = DeskWatch(town.url, space, host)
    programs: list[Program] = []
    try:
        watch.until_heard(1, 30)
        eventually(lambda: httpx.get(playlist).is_success, what="the playlist")
        programs += [ffmpeg(playlist), gstreamer(playlist)]
        hls = HlsJs(browser, town.url, playlist)
        eventually(lambda: (seen := hls.seen())["at"] > seen["joined"] + 2, what="two seconds of sound")
        for program in programs:
            assert program.begun.wait(15)
        yield Evening(space, watch, programs, hls)
    finally:
        watch.close()
        speaking.kill()
        speaking.communicate()
        for program in programs:
            program.kill()


def nobody_heard_a_break(town: Town, going: Evening) -> None:
    """Every player plays to the end by itself, and misses nothing on the way."""
    told = going.hls.ends()
    heard = [program.ends() for program in going.programs]
    last = last_part(town.get(f"/spaces/{going.space}/live/aac64/plain.m3u8").text)
    assert set(told["errors"]) <= {"bufferStalledError"}  # on a machine that does too much; it goes on by itself
    assert (told["loads"], len(told["played"])) == (1, 1)
    assert told["stood"] < 2 * TARGET_DURATION
    for each in heard:
        assert each.code == 0, each.complaints
        assert off_the_grid(each, last) == pytest.approx(0, abs=0.05)
        assert each.waited < 2 * TARGET_DURATION


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
