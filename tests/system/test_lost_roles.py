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


@pytest.mark.timeout(150)
def test_the_stage_killed_and_control_killed_with_its_database_locked_nobody_who_listens_hears_a_break(
    town: Town, browser: Browser, tmp_path: Path
) -> None:
    write_wav(tmp_path / "said.wav", voices(tmp_path)["en-us"])
    space = town.api("POST", "/spaces", {"title": "The ferry"})["id"]
    town.api("POST", f"/spaces/{space}/live")
    host = town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"]
    address, playlist = f"{town.url}/spaces/{space}", f"{town.url}/spaces/{space}/live/aac64/ll.m3u8"
    speaking = town.begin("speak", address, "--token", host, "--file", str(tmp_path / "said.wav"), "--loop")
    watch = DeskWatch(town.url, space, host)
    players: list[Program] = []
    try:
        watch.until_heard(1, 30)
        eventually(lambda: httpx.get(playlist).is_success, what="the playlist")
        players += [ffmpeg(playlist), gstreamer(playlist)]
        hls = HlsJs(browser, town.url, playlist)
        eventually(lambda: (seen := hls.seen())["at"] > seen["joined"] + 2, what="two seconds of sound")
        for player in players:
            assert player.begun.wait(15)

        watch.forget()
        os.kill(town.processes()["stage"], signal.SIGKILL)
        watch.until_heard(1, 30)

        killed_at = time.monotonic()
        refused: list[httpx.Response] = []
        before = town.processes()["control"]
        just_before = town.api("POST", "/spaces", {"title": "Announced just before"})["id"]
        with locked(town.data / "hustings.db", LOCKED):
            os.kill(before, signal.SIGKILL)
            meanwhile = tried_again(town, "Announced meanwhile", refused)
        desk_waited = watch.longest_wait(killed_at)

        town.api("POST", f"/spaces/{space}/end")
        told = hls.ends()
        heard = [player.ends() for player in players]
    finally:
        watch.close()
        speaking.kill()
        speaking.communicate()
        for player in players:
            player.kill()
    replay = eventually(lambda: r if (r := town.card(space)["replay"])["state"] == "ready" else None, what="replay")
    last = last_part(town.get(f"/spaces/{space}/live/aac64/plain.m3u8").text)

    assert set(told["errors"]) <= {"bufferStalledError"}  # on a machine that does too much; it goes on by itself
    assert (told["loads"], len(told["played"])) == (1, 1)
    assert told["stood"] < 2 * TARGET_DURATION
    for each in heard:
        assert each.code == 0, each.complaints
        assert off_the_grid(each, last) == pytest.approx(0, abs=0.05)
        assert each.waited < 2 * TARGET_DURATION
    assert desk_waited < 3
    assert {(answer.status_code, answer.json()["code"]) for answer in refused[:-1]} == {(503, "unavailable")}
    for answered, title in ((just_before, "Announced just before"), (meanwhile, "Announced meanwhile")):
        assert town.api("GET", f"/spaces/{answered}")["title"] == title
    assert town.processes()["control"] != before
    assert replay["duration"] > LOCKED
    done = town.run("listen", address, "--seconds", "5")
    assert done.returncode == 0, done.stderr
