"""`kill -9` of the stage mid-sentence: how soon it is back and its speakers are, what listeners and the record miss.

Run from the repository: `.venv/bin/python -m bench.crash [--json] [--seats 13] [--log]`. One seat speaks from
Chromium's stage page, three as `hustings speak`, the others from lean clients that offer again as those do; hls.js,
ffmpeg and GStreamer listen and are left alone. All on this machine.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser
from tests.support.browser import chromium
from tests.support.desk_watch import DeskWatch
from tests.support.hearing import voices, write_wav
from tests.support.players import HlsJs, Program, ffmpeg, gstreamer, last_part, off_the_grid
from tests.support.town import Town, eventually

from hustings.base.grid import PART_SECONDS, SAMPLE_RATE
from hustings.broadcast import flac, manifest
from hustings.documents.space import MAX_SEATS

BEFORE, AFTER = 20.0, 12.0  # seconds of conversation before the kill, and after everybody is back
PATIENCE = 60.0


def seats(town: Town, space: str, count: int) -> list[str]:
    """Tokens of guests on air."""
    tokens = []
    for number in range(count):
        made = town.api("POST", f"/spaces/{space}/invitations", {"name": f"Guest {number}", "role": "speaker"})
        asked = {"name": f"Guest {number}", "agree_recording": True}
        grant = town.api("POST", f"/invitations/{made['url'].rsplit('/', 1)[1]}/accept", asked)
        town.api("POST", f"/spaces/{space}/seats/{grant['seat']}/air", {"on": True})
        tokens.append(grant["token"])
    return tokens


def come_in_chromium(town: Town, browser: Browser, space: str) -> None:
    page = browser.new_context(permissions=["microphone"]).new_page()
    made = town.api("POST", f"/spaces/{space}/invitations", {"name": "Chromium", "role": "speaker"})
    page.goto(made["url"])
    page.get_by_label("Your name, as everyone will see it").fill("Chromium")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Come backstage").click()
    page.wait_for_url("**/stage**")
    found = eventually(lambda: [v for v in town.card(space)["speakers"] if v["name"] == "Chromium"], what="the seat")
    town.api("POST", f"/spaces/{space}/seats/{found[0]['seat']}/air", {"on": True})


def recorded(town: Town, space: str) -> float:
    """Seconds of the programme up to the last whole frame on disk."""
    folder = manifest.folder_of(town.data / "recordings", space)
    kept = manifest.load(folder)
    assert kept is not None
    take = kept.takes[-1]
    return (take.start + sum(flac.FRAME for _ in flac.frames((folder / take.flac).read_bytes()))) / SAMPLE_RATE


def crash(town: Town, space: str, watch: DeskWatch, players: list[Program], hls: HlsJs) -> dict[str, Any]:
    doors_at = town.card(space)["doors_at"]
    eventually(lambda: "stage spare" in town.processes(), within=PATIENCE, what="the stage's spare")
    stage, count = town.processes()["stage"], len(watch.heard_at)
    killed_at = watch.forget()
    os.kill(stage, signal.SIGKILL)
    missing = time.time() - doors_at - recorded(town, space)
    watch.until_heard(count, PATIENCE)
    answered = watch.answered_at
    assert answered is not None
    back = sorted(at - killed_at for at in watch.heard_at.values())
    hls.page.wait_for_timeout(AFTER * 1000)
    town.api("POST", f"/spaces/{space}/end")
    ended = hls.ends(PATIENCE)
    heard = [player.ends(PATIENCE) for player in players]
    last = last_part(town.get(f"/spaces/{space}/live/aac64/plain.m3u8").text)
    replay = eventually(lambda: r if (r := town.card(space)["replay"])["state"] == "ready" else None, what="replay")
    return {
        "back": answered - killed_at,
        "speakers": {"median": statistics.median(back), "last": back[-1]},
        "recording_missing": missing,
        "replay": {"seconds": replay["duration"], "programme": (last + 1) * PART_SECONDS},
        "waited": {"hls.js": ended["stood"], "ffmpeg": heard[0].waited, "GStreamer": heard[1].waited},
        "off_the_grid": {"ffmpeg": off_the_grid(heard[0], last), "GStreamer": off_the_grid(heard[1], last)},
        "complaints": {
            "hls.js": [*ended["errors"], f"{ended['loads']} loads", f"{len(ended['played'])} ranges"],
            "ffmpeg": heard[0].complaints[-400:],
            "GStreamer": heard[1].complaints[-400:],
        },
    }


def measure(count: int, *, log: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = folder / "said.wav"
        write_wav(said, voices(folder)["en-us"])
        town = Town(folder / "town")
        town.start()
        try:
            return evening(town, said, count)
        finally:
            town.stop()
            sys.stderr.write(town.log() if log else "")


def evening(town: Town, said: Path, count: int) -> dict[str, Any]:
    town.account()
    space = str(town.api("POST", "/spaces", {"title": "Cut short"})["id"])
    town.api("POST", f"/spaces/{space}/live")
    host = town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"]
    address = f"{town.url}/spaces/{space}"
    tokens = [host, *seats(town, space, count - 2)]
    with chromium(said) as browser:
        come_in_chromium(town, browser, space)
        speaking = subprocess.Popen([sys.executable, "-m", "bench._speakers", address, str(said), *tokens])
        watch = DeskWatch(town.url, space, host)
        try:
            watch.until_heard(count, PATIENCE)
            playlist = f"{address}/live/aac64/ll.m3u8"
            eventually(lambda: httpx.get(playlist).is_success, within=PATIENCE, what="the playlist")
            players = [ffmpeg(playlist), gstreamer(playlist)]
            hls = HlsJs(browser, town.url, playlist)
            hls.page.wait_for_timeout(BEFORE * 1000)
            return crash(town, space, watch, players, hls)
        finally:
            watch.close()
            speaking.kill()
            speaking.wait()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seats", type=int, default=MAX_SEATS)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--log", action="store_true", help="print what the server logged, too")
    words = asked.parse_args()
    figures = measure(words.seats, log=words.log)
    if words.json:
        print(json.dumps(figures, indent=1))
        return
    show(figures)


def show(figures: dict[str, Any]) -> None:
    speakers, replay = figures["speakers"], figures["replay"]
    print(f"the stage answers again      {figures['back']:.2f} s after the kill")
    print(f"speakers are heard again     median {speakers['median']:.2f} s, last {speakers['last']:.2f} s")
    print(f"missing in the recording     {figures['recording_missing']:.2f} s before the kill")
    for player, seconds in figures["waited"].items():
        print(f"longest wait, {player:10}     {seconds:.2f} s")
    for player, seconds in figures["off_the_grid"].items():
        print(f"lost or doubled, {player:10}  {seconds:.3f} s")
    for player, told in figures["complaints"].items():
        print(f"{player} said: {told}")
    print(f"the replay has {replay['seconds']:.2f} s of a programme of {replay['programme']:.2f} s")


if __name__ == "__main__":
    main()
