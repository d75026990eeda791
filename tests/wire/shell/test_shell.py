import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.support.asgi import free_port, serving
from tests.support.tiny_origin import TinyOrigin
from tests.support.tiny_whip import TinyWhip

from hustings.base.settings import Settings, note_address
from hustings.cli import main
from hustings.clients.media import WavWriter, read_voice
from hustings.server.supervisor import EXIT_FOR_GOOD


async def hustings(*words: str) -> tuple[int, str, str]:
    """Exit code, what went to standard output, and what to standard error."""
    command = [sys.executable, "-m", "hustings", *words]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, told = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), told.decode()


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    with WavWriter(path) as file:
        file.write((0.3 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)).astype(np.float32))
    return path


async def test_listen_writes_what_it_heard_and_a_document_for_programs(tmp_path: Path) -> None:
    out = tmp_path / "heard.wav"
    async with serving(TinyOrigin(10).application) as base:
        code, data, _ = await hustings(
            "listen", f"{base}/spaces/abc", "--form", "plain", "--seconds", "1", "--out", str(out), "--json"
        )

    report = json.loads(data)
    assert code == 0
    assert report["seconds"] == 1.0
    assert len(read_voice(out)) == 48_000


async def test_listen_fails_when_the_programme_ended_before_what_was_asked() -> None:
    async with serving(TinyOrigin(4).application) as base:
        code, data, told = await hustings("listen", f"{base}/spaces/abc", "--form", "plain", "--seconds", "30")

    assert code == 1
    assert "Heard 0.8 s" in data
    assert "ended after 0.8 s of the 30 s asked for" in told


async def test_a_looping_speaker_that_is_told_to_stop_closes_its_session(wav: Path) -> None:
    whip = TinyWhip()
    async with serving(whip.application) as base:
        words = ["speak", f"{base}/spaces/abc", "--token", "seat.good", "--file", str(wav), "--loop", "--json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hustings", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        assert "Speaking  0:00 over and over 0:00" in (await process.stderr.readline()).decode()
        process.terminate()
        out, _ = await process.communicate()
        await whip.stop()

    assert process.returncode == 0
    assert json.loads(out)["connections"] == 1
    assert whip.deleted == ["1"]


async def test_speak_says_the_file_and_ends_well(wav: Path) -> None:
    whip = TinyWhip()
    async with serving(whip.application) as base:
        words = ["speak", f"{base}/spaces/abc", "--token", "seat.good", "--file", str(wav), "--json"]
        code, data, _ = await hustings(*words)
        await whip.stop()

    assert code == 0
    assert json.loads(data)["state"] == "done"
    assert whip.heard[0]


async def test_speak_with_a_refused_token_says_why_and_fails(wav: Path) -> None:
    async with serving(TinyWhip().application) as base:
        words = ["speak", f"{base}/spaces/abc", "--token", "seat.bad", "--file", str(wav), "--json"]
        code, data, told = await hustings(*words)

    assert code == 1
    assert json.loads(data)["error"] == "This seat was given to somebody else."
    assert "error: This seat was given to somebody else." in told


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["listen", "nowhere"], 2, "is not the address of a Space"),
        (["listen"], 2, "SPACE_URL"),
        (["dance"], 2, "dance"),
        (["listen", "http://a/spaces/b", "--out", "/nowhere/x.wav"], 1, "/nowhere/x.wav cannot be written"),
        (["speak", "http://a/spaces/b", "--token", "t", "--file", "none.wav"], 1, "There is no file none.wav."),
        (["speak", "http://a/spaces/b", "--token", "t", "--file", __file__], 1, "cannot be read as audio"),
        (["serve", "--roles", "stage,cellar"], 2, "There is no role cellar"),
    ],
)
def test_what_cannot_be_done_is_said_on_standard_error(
    words: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code

    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in " ".join(said.err.split())


@pytest.mark.parametrize("words", [[], ["account"]])
def test_without_a_command_the_help_is_printed_as_it_is(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    asked = capsys.readouterr().out

    assert main(words) == 2
    assert capsys.readouterr().err.split() == asked.split()


def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUSTINGS_PORT", "eighty")

    assert main(["doctor"]) == 1
    assert "HUSTINGS_PORT must be a whole number." in capsys.readouterr().err


def test_doctor_prints_findings_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--json", "--data", str(tmp_path), "--port", str(free_port())])

    told = json.loads(capsys.readouterr().out)
    assert code == (0 if told["well"] else 1)
    assert {"subject", "health", "told", "cure"} == set(told["findings"][0])


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder where none is named."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.mark.usefixtures("at_home")
def test_an_account_is_made_and_its_token_printed_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["account", "create", "ada", "--role", "owner", "--token"]) == 0

    said = capsys.readouterr()
    assert said.out.strip().startswith("hst_")
    assert "Made the account ada (owner)." in said.err


def test_an_account_is_made_in_no_folder_that_is_named_by_mistake(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["account", "create", "ada", "--data"]

    assert main([*words, str(tmp_path / "dta")]) == 1
    assert "There is no installation in" in capsys.readouterr().err
    assert not (tmp_path / "dta").exists()
    assert main(["account", "create", "ben"]) == 0
    assert main([*words, str(at_home)]) == 0


@pytest.mark.usefixtures("at_home")
def test_a_name_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["account", "create", "ada", "--json"]

    assert main(words) == 0
    assert "/setup#" in json.loads(capsys.readouterr().out)["link"]
    assert main(words) == 1


async def test_a_data_folder_that_is_none_is_named_in_a_sentence_by_every_command() -> None:
    for words in (("serve",), ("account", "create", "ada")):
        code, _, told = await hustings(*words, "--data", "/etc/passwd")

        assert code == 1
        assert "Traceback" not in told
        assert "The data folder /etc/passwd cannot be used" in told


async def test_a_setting_that_the_stage_cannot_start_with_ends_everything_for_good_and_is_named_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUSTINGS_ICE_SERVERS", "turn:t.example")
    words = ["serve", "--roles", "stage,edge", "--data", str(tmp_path), "--port", str(free_port())]
    code, _, told = await hustings(*words)

    assert code == EXIT_FOR_GOOD
    assert told.count("give its secret as HUSTINGS_TURN_SECRET") == 1  # the stage was not started again
    assert "Traceback" not in told


async def test_an_account_made_in_a_folder_that_is_new_says_so_and_its_link_names_the_server_of_the_folder(
    at_home: Path,
) -> None:
    _, link, told = await hustings("account", "create", "ada")
    assert "There was no data folder" in told
    assert link.startswith("http://localhost:8000/setup#")

    note_address(Settings(data=at_home, port=8123))
    _, link, told = await hustings("account", "create", "ben", "--data", str(at_home))
    assert "There was no data folder" not in told
    assert link.startswith("http://localhost:8123/setup#")
