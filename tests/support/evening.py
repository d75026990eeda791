"""A live Space with somebody who speaks, somebody at the desk, and players nobody touches."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser
from tests.support.desk_watch import DeskWatch
from tests.support.players import HlsJs, Program, ffmpeg, gstreamer, last_part, off_the_grid
from tests.support.town import Town, eventually

from hustings.hls.playlist import TARGET_DURATION


@dataclass
class Evening:
    """A live Space with one who speaks, one at the desk and three players nobody touches."""

    space: str
    watch: DeskWatch
    programs: list[Program]
    hls: HlsJs


@contextlib.contextmanager
def evening(town: Town, browser: Browser, said: Path, door: str = "") -> Iterator[Evening]:
    """Its players listen at `door`, which is the town's own where none is given."""
    space = town.api("POST", "/spaces", {"title": "The ferry"})["id"]
    town.api("POST", f"/spaces/{space}/live")
    host = town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"]
    address, playlist = f"{town.url}/spaces/{space}", f"{door or town.url}/spaces/{space}/live/aac64/ll.m3u8"
    speaking = town.begin("speak", address, "--token", host, "--file", str(said), "--loop")
    watch = DeskWatch(town.url, space, host)
    programs: list[Program] = []
    try:
        watch.until_heard(1, 30)
        eventually(lambda: httpx.get(playlist).is_success, what="the playlist")
        programs += [ffmpeg(playlist), gstreamer(playlist)]
        hls = HlsJs(browser, door or town.url, playlist)
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


def nobody_heard_a_break(town: Town, going: Evening, longest: float = 2 * TARGET_DURATION) -> None:
    """Every player plays to the end by itself, misses nothing on the way, and never waits `longest` seconds."""
    told = going.hls.ends()
    heard = [program.ends() for program in going.programs]
    last = last_part(town.get(f"/spaces/{going.space}/live/aac64/plain.m3u8").text)
    assert set(told["errors"]) <= {"bufferStalledError"}, told[
        "errors"
    ]  # on a machine that does too much; it goes on by itself
    assert (told["loads"], len(told["played"])) == (1, 1)
    assert told["stood"] < longest
    for each in heard:
        assert each.code == 0, each.complaints
        assert off_the_grid(each, last) == pytest.approx(0, abs=0.05)
        assert each.waited < longest
