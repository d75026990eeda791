"""A technician's evening: everything by commands, against the whole server."""

import json
from pathlib import Path

from tests.support.hearing import read_wav, score, voices, write_wav
from tests.support.town import Town, eventually


def a_space(town: Town, title: str = "The ferry") -> str:
    return str(town.api("POST", "/spaces", {"title": title})["id"])


def test_a_recording_spoken_from_the_shell_is_heard_by_a_listener_as_it_was_said(town: Town, tmp_path: Path) -> None:
    said = voices(tmp_path)["en-us"]
    write_wav(tmp_path / "said.wav", said)
    space = a_space(town)
    town.api("POST", f"/spaces/{space}/live")
    address = f"{town.url}/spaces/{space}"
    speaking = town.begin("speak", address, "--token", town.token, "--file", str(tmp_path / "said.wav"), "--loop")
    try:
        eventually(lambda: town.card(space)["programme"] == "conversation", what="the conversation")
        seconds = 2 * len(said) / 48_000 + 2
        out = tmp_path / "heard.wav"
        done = town.run("listen", address, "--seconds", f"{seconds:.0f}", "--out", str(out), "--json")
    finally:
        speaking.terminate()
        speaking.communicate(timeout=10)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["gaps"] == 0
    assert report["errors"] == 0
    heard = score(said, read_wav(out))
    assert heard.pesq >= 3.9, heard
    assert heard.stoi >= 0.97, heard


def test_a_speaker_without_a_seat_is_told_so_and_the_command_fails(town: Town, tmp_path: Path) -> None:
    write_wav(tmp_path / "said.wav", voices(tmp_path)["en-us"][:48_000])
    space = a_space(town)
    stranger = town.run("account", "create", "eve", "--token", "--data", str(town.data)).stdout.split()[-1]
    done = town.run(
        "speak", f"{town.url}/spaces/{space}", "--token", stranger, "--file", str(tmp_path / "said.wav"), timeout=30
    )
    assert done.returncode == 1
    assert "host" in done.stderr.lower() or "invit" in done.stderr.lower(), done.stderr


def test_the_doctor_finds_a_running_installation_well(town: Town) -> None:
    done = town.run("doctor", "--json", "--data", str(town.data), "--port", str(town.port))
    assert done.returncode == 0, done.stdout + done.stderr
