"""SIGKILL to every process, in each state of a Space: it is in that state after a restart, and goes on."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.hearing import read_wav, score, voices, write_wav
from tests.support.town import Town, eventually, free_port

from hustings.base.grid import SAMPLE_RATE
from hustings.broadcast import flac, manifest

BEFORE = {
    "scheduled": (),
    "doors": ("doors",),
    "live": ("doors", "live"),
    "ended": ("live", "end"),
    "cancelled": ("cancel",),
}


@pytest.mark.timeout(180)
def test_every_state_survives_a_power_cut(town: Town) -> None:
    spaces = {}
    for state, steps in BEFORE.items():
        spaces[state] = town.api("POST", "/spaces", {"title": state})["id"]
        for step in steps:
            town.api("POST", f"/spaces/{spaces[state]}/{step}")
    before = {state: town.card(space)["doors_at"] for state, space in spaces.items()}

    town.kill_everything()
    town.start()

    for state, space in spaces.items():
        assert town.api("GET", f"/spaces/{space}")["state"] == state
        assert town.card(space)["state"] == state
        assert town.card(space)["doors_at"] == before[state]
    for state in ("doors", "live"):
        address = f"{town.url}/spaces/{spaces[state]}"
        heard = town.run("listen", address, "--seconds", "5", "--json")
        assert heard.returncode == 0, heard.stderr
        assert json.loads(heard.stdout)["parts"] >= 5


@pytest.mark.timeout(240)
def test_mid_sentence_the_speaker_comes_back_and_the_recording_goes_on(town: Town, tmp_path: Path) -> None:
    said = voices(tmp_path)["en-us"]
    write_wav(tmp_path / "said.wav", said)
    space = town.api("POST", "/spaces", {"title": "The ferry"})["id"]
    town.api("POST", f"/spaces/{space}/live")
    address = f"{town.url}/spaces/{space}"
    speaking = town.begin("speak", address, "--token", town.token, "--file", str(tmp_path / "said.wav"), "--loop")
    try:
        eventually(lambda: _speaking(town, space), within=30, what="the first word")
        assert town.run("listen", address, "--seconds", "5").returncode == 0
        doors_at = town.card(space)["doors_at"]
        town.kill_everything()
        lost = time.time() - doors_at - _recorded(town, space)
        assert lost <= 1.0
        town.start()
        eventually(lambda: _speaking(town, space), within=30, what="the speaker's return")
        seconds = 2 * len(said) / 48_000 + 2
        done = town.run("listen", address, "--seconds", f"{seconds:.0f}", "--out", str(tmp_path / "after.wav"))
        assert done.returncode == 0, done.stderr
    finally:
        speaking.terminate()
        speaking.communicate(timeout=10)
    town.api("POST", f"/spaces/{space}/end")
    replay = eventually(lambda: _replay(town, space), within=5, what="the replay")

    assert score(said, read_wav(tmp_path / "after.wav")).pesq >= 3.9
    assert replay["duration"] >= 5 + seconds - 1  # what was said before the cut is there, and what was said after


def test_a_second_server_on_the_same_folder_is_refused_and_harms_nothing(town: Town) -> None:
    second = town.run("serve", "--data", str(town.data), "--port", str(free_port()), timeout=40)

    assert second.returncode == 1
    assert "Another Hustings is running from the data folder" in second.stderr
    assert town.api("GET", "/me")["account"]["name"] == "ada"


def _speaking(town: Town, space: str) -> bool:
    return any(voice["speaking"] for voice in town.card(space)["speakers"])


def _recorded(town: Town, space: str) -> float:
    """Seconds of the programme, counted from the doors, up to the last whole frame on disk."""
    folder = manifest.folder_of(town.data / "recordings", space)
    kept = manifest.load(folder)
    assert kept is not None
    (take,) = kept.takes
    return (take.start + sum(flac.FRAME for _ in flac.frames((folder / take.flac).read_bytes()))) / SAMPLE_RATE


def _replay(town: Town, space: str) -> dict[str, Any] | None:
    replay: dict[str, Any] = town.card(space)["replay"]
    return replay if replay["state"] == "ready" else None
