"""`kill -9` of the stage mid-sentence: how soon it is back and its speakers are, what listeners and the record miss.

Run from the repository: `.venv/bin/python -m bench.crash [--quick] [--seats 13] [--listeners 2000] [--json] [--log]`.
One seat speaks from Chromium's stage page, three as `hustings speak`, the others from lean clients that offer again
as those do; hls.js, ffmpeg and GStreamer listen and are left alone, beside the listeners of `bench.lateness`. All on
this machine. Ends with 1 when a figure is worse than promised.
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
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser
from tests.support.browser import chromium
from tests.support.desk_watch import DeskWatch
from tests.support.hearing import voices, write_wav
from tests.support.players import HlsJs, Program, ffmpeg, gstreamer, last_part, off_the_grid
from tests.support.town import Town, eventually

from bench._crowd import Crowd
from bench._limits import exit_code
from bench.lateness import LISTENERS
from hustings.base.grid import PART_SECONDS, SAMPLE_RATE
from hustings.broadcast import flac, manifest
from hustings.documents.space import MAX_SEATS

BEFORE, AFTER = 20.0, 12.0  # seconds of conversation before the kill, and after everybody is back
PATIENCE = 60.0
BACK, SPEAKERS_BACK, MISSING = 3.0, 10.0, 1.0  # seconds, promised
TOLERANCE = 0.05  # seconds by which a player's sound or a replay may differ from what it should be


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


def kill(town: Town, space: str, watch: DeskWatch) -> dict[str, Any]:
    """Kill the stage and wait until all are heard again."""
    doors_at, alarms = town.card(space)["doors_at"], watch.newest["alarms"]
    eventually(lambda: "stage spare" in town.processes(), within=PATIENCE, what="the stage's spare")
    stage, count = town.processes()["stage"], len(watch.heard_at)
    killed_at = watch.forget()
    os.kill(stage, signal.SIGKILL)
    missing = time.time() - doors_at - recorded(town, space)
    watch.until_heard(count, PATIENCE)
    assert watch.answered_at is not None
    back = sorted(at - killed_at for at in watch.heard_at.values())
    return {
        "back": watch.answered_at - killed_at,
        "speakers": {"median": statistics.median(back), "last": back[-1]},
        "recording_missing": missing,
        "alarms_before": sorted({alarm["code"] for alarm in alarms}),
    }


def crash(town: Town, space: str, watch: DeskWatch, audience: "Audience") -> dict[str, Any]:
    found = kill(town, space, watch)
    audience.hls.page.wait_for_timeout(AFTER * 1000)
    listened = audience.crowd.wait_until_gone()
    town.api("POST", f"/spaces/{space}/end")
    ended = audience.hls.ends(PATIENCE)
    heard = {name: player.ends(PATIENCE) for name, player in audience.players.items()}
    last = last_part(town.get(f"/spaces/{space}/live/aac64/plain.m3u8").text)
    replay = eventually(lambda: r if (r := town.card(space)["replay"])["state"] == "ready" else None, what="replay")
    played = ffmpeg(f"{town.url}/spaces/{space}/replay.m3u8").ends(PATIENCE)
    return found | {
        "replay": {"seconds": replay["duration"], "played": played.seconds, "programme": (last + 1) * PART_SECONDS},
        "listeners": listened.listeners,
        "waited": {"hls.js": ended["stood"]} | {name: each.waited for name, each in heard.items()},
        "off_the_grid": {name: off_the_grid(each, last) for name, each in heard.items()},
        "codes": {name: each.code for name, each in heard.items()},
        "hls.js": {"errors": ended["errors"], "loads": ended["loads"], "ranges": len(ended["played"])},
        "complaints": {name: each.complaints[-400:] for name, each in heard.items()},
    }


@dataclass(frozen=True)
class Audience:
    players: dict[str, Program]
    hls: HlsJs
    crowd: Crowd


def measure(count: int, listeners: int, *, log: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = folder / "said.wav"
        write_wav(said, voices(folder)["en-us"])
        town = Town(folder / "town")
        town.start()
        try:
            return evening(town, said, count, listeners)
        finally:
            town.stop()
            sys.stderr.write(town.log() if log else "")


def evening(town: Town, said: Path, count: int, listeners: int) -> dict[str, Any]:
    town.account()
    space = str(town.api("POST", "/spaces", {"title": "Cut short"})["id"])
    town.api("POST", f"/spaces/{space}/live")
    host = town.api("POST", f"/spaces/{space}/seat", {"agree_recording": True})["token"]
    address = f"{town.url}/spaces/{space}"
    tokens = [host, *seats(town, space, count - 2)]
    with chromium(said) as browser, ExitStack() as stack:
        come_in_chromium(town, browser, space)
        speaking = subprocess.Popen([sys.executable, "-m", "bench._speakers", address, str(said), *tokens])
        watch = DeskWatch(town.url, space, host)
        try:
            watch.until_heard(count, PATIENCE)
            playlist = f"{address}/live/aac64/ll.m3u8"
            eventually(lambda: httpx.get(playlist).is_success, within=PATIENCE, what="the playlist")
            crowd = Crowd(town.port, space, listeners, BEFORE + SPEAKERS_BACK + AFTER)
            stack.callback(crowd.kill)
            crowd.wait_until_there()
            players = {"ffmpeg": ffmpeg(playlist), "GStreamer": gstreamer(playlist)}
            hls = HlsJs(browser, town.url, playlist)
            hls.page.wait_for_timeout(BEFORE * 1000)
            return crash(town, space, watch, Audience(players, hls, crowd))
        finally:
            watch.close()
            speaking.kill()
            speaking.wait()


def limits(found: dict[str, Any], listeners: int) -> list[tuple[str, bool]]:
    """What is promised of a crash, with the figures."""
    speakers, hls, replay = found["speakers"], found["hls.js"], found["replay"]
    errors = set(hls["errors"]) - {"bufferStalledError"}  # a busy machine's; it goes on by itself
    return [
        (f"the stage answers after {found['back']:.2f} s, at most {BACK:g}", found["back"] <= BACK),
        (f"the last speaker is back after {speakers['last']:.2f} s", speakers["last"] <= SPEAKERS_BACK),
        (f"{found['recording_missing']:.2f} s are missing in the recording", found["recording_missing"] <= MISSING),
        ("the replay plays through", abs(replay["seconds"] - replay["played"]) <= TOLERANCE),
        (f"{found['listeners']} of {listeners} listen on", found["listeners"] == listeners),
        (f"hls.js meets {errors or 'no errors'}", not errors),
        (f"hls.js loads once, plays without a gap: {hls}", (hls["loads"], hls["ranges"]) == (1, 1)),
        *((f"{name} ends well", code == 0) for name, code in found["codes"].items()),
        *((f"{name} hears all", off <= TOLERANCE) for name, off in found["off_the_grid"].items()),
    ]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="200 listeners")
    asked.add_argument("--seats", type=int, default=MAX_SEATS)
    asked.add_argument("--listeners", type=int, default=LISTENERS, help="0: the players alone")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--log", action="store_true", help="print what the server logged, too")
    words = asked.parse_args()
    listeners = 200 if words.quick else words.listeners
    found = measure(words.seats, listeners, log=words.log)
    if words.json:
        print(json.dumps(found, indent=1))
    else:
        show(found)
    return exit_code(*limits(found, listeners))


def show(found: dict[str, Any]) -> None:
    speakers, replay = found["speakers"], found["replay"]
    print(f"the stage answers again      {found['back']:.2f} s after the kill, beside {found['listeners']} listeners")
    print(f"speakers are heard again     median {speakers['median']:.2f} s, last {speakers['last']:.2f} s")
    print(f"missing in the recording     {found['recording_missing']:.2f} s before the kill")
    print(f"alarms before the kill       {', '.join(found['alarms_before']) or 'none'}")
    for player, seconds in found["waited"].items():
        print(f"longest wait, {player:10}     {seconds:.2f} s")
    for player, seconds in found["off_the_grid"].items():
        print(f"lost or doubled, {player:10}  {seconds:.3f} s")
    print(f"hls.js: {found['hls.js']}")
    for player, told in found["complaints"].items():
        print(f"{player} said: {told}")
    print(
        f"the replay has {replay['seconds']:.2f} s of a programme of {replay['programme']:.2f} s; "
        f"{replay['played']:.2f} s of it play"
    )


if __name__ == "__main__":
    sys.exit(main())
