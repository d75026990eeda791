"""The guide to the operator's day, carried out command by command, with a conversation live while it is backed up."""

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.older import older_database
from tests.support.town import Town, eventually
from tests.support.town_log import faults, written_in
from tests.support.transcript import Transcript, has_commands

from hustings.base.clock import SystemClock
from hustings.base.settings import Settings
from hustings.sample.runner import VOICES
from hustings.server.supervisor import EXIT_FOR_GOOD
from hustings.square.creation import create_account
from hustings.store import copies, schema
from hustings.store.values import AccountRole

GUIDE = Path("docs/guides/operating.md")
SPOKEN = 3.0  # seconds that are in the recording when it is backed up


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Transcript]:
    """In a folder with a town of an older version, in which `old` has an account."""
    (tmp_path / "town").mkdir()
    older_database(tmp_path / "town", "0003", account="old")
    day = Transcript(GUIDE, tmp_path)
    yield day
    day.stop()


@contextmanager
def speaking(town: Town, space: str) -> Iterator[None]:
    command = town.begin(
        "speak", f"{town.url}/spaces/{space}", "--token", town.token, "--file", str(VOICES[0]), "--loop"
    )
    try:
        eventually(lambda: any(seat["speaking"] for seat in town.card(space)["speakers"]), within=40, what="a voice")
        yield
    finally:
        command.terminate()
        command.communicate(timeout=20)


def recorded(town: Town, space: str) -> float:
    """Seconds, by the size of the AAC of 64 kbit/s."""
    return sum(path.stat().st_size for path in (town.data / "recordings" / space).glob("*.aac")) / 8000


def replay_of(town: Town, space: str) -> dict[str, Any] | None:
    replay: dict[str, Any] = town.card(space)["replay"]
    return replay if replay["state"] == "ready" else None


def accounts_in(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM accounts")]


def running(day: Transcript, token: str = "") -> Town:
    assert day.town is not None
    day.town.token = token
    return day.town


def test_only_the_guide_that_is_carried_out_has_commands_to_carry_out() -> None:
    assert [page for page in sorted(Path("docs").rglob("*.md")) if has_commands(page)] == [GUIDE]


@pytest.mark.timeout(400)
def test_an_operators_day_as_the_guide_tells_it(day: Transcript, tmp_path: Path) -> None:
    day.carry_out("Start")
    town = running(day)
    assert copies.revision_in(town.data / "hustings.db") == schema.newest()
    assert "database: up to date" in day.carry_out("Look")
    token = town.token = host_of(town.data)
    space = backed_up_while_live(day, town)

    day.carry_out("Upgrade")
    day.carry_out("Go back")
    assert copies.revision_in(town.data / "hustings.db") == "0003"
    assert accounts_in(town.data / "hustings.db") == ["old"]

    day.carry_out("Restore")
    day.carry_out("Move the data folder")
    goes_on_where_it_was_backed_up(running(day, token), space)
    lets_in_again(day, running(day, token))

    day.stop()
    assert day.done == day.headings
    for data in (tmp_path / "town", tmp_path / "srv" / "town"):
        assert not faults(Town(data).whole_log(), written_in(data / "hustings.db"))
    assert named_in_the_guide() >= {path.name for path in (tmp_path / "srv" / "town").iterdir()}


def host_of(data: Path) -> str:
    """The token of `ada`, made as the shell makes it."""
    made = asyncio.run(create_account(Settings(data=data), SystemClock(), "ada", AccountRole.MEMBER, token=True))
    assert made.token
    return made.token


def backed_up_while_live(day: Transcript, town: Town) -> str:
    space = str(town.api("POST", "/spaces", {"title": "While it is live"})["id"])
    town.api("POST", f"/spaces/{space}/live")
    with speaking(town, space):
        eventually(lambda: recorded(town, space) > SPOKEN, within=40, what="something to back up")
        before = town.processes()
        archive = day.carry_out("Back up").strip()
        assert (day.folder / archive).stat().st_mode & 0o777 == 0o600
        known = recorded(town, space)
        eventually(lambda: recorded(town, space) > known, what="the recording to go on")
        now = town.processes()
        assert {role: now[role] for role in before} == before
    return space


def goes_on_where_it_was_backed_up(town: Town, space: str) -> None:
    assert town.api("GET", f"/spaces/{space}")["state"] == "live"
    town.api("POST", f"/spaces/{space}/end")
    replay = eventually(lambda: replay_of(town, space), within=30, what="the replay")
    assert replay["duration"] > SPOKEN - 1
    assert len(town.get(f"/spaces/{space}/replay.m4a").content) > 10_000
    assert "#EXT-X-ENDLIST" in town.get(f"/spaces/{space}/replay.m3u8").text


def lets_in_again(day: Transcript, town: Town) -> None:
    assert town.request("GET", "/me").is_success
    link = day.carry_out("Let somebody in again").strip()
    assert link.startswith(f"{town.url}/setup#")
    assert town.request("GET", "/me").status_code == 401
    body = {"link": link.partition("#")[2], "name": "ada", "display_name": "", "password": "a plank on two barrels"}
    answer = httpx.post(f"{town.url}/api/v1/setup", json=body, headers={"sec-fetch-site": "same-origin"}, timeout=20)
    assert answer.json()["account"]["name"] == "ada"


def named_in_the_guide() -> set[str]:
    section = GUIDE.read_text().partition("## What lies in the data folder")[2]
    return {
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)
    }


def test_a_role_too_old_for_its_database_ends_for_good_with_the_way_back(tmp_path: Path) -> None:
    with closing(sqlite3.connect(older_database(tmp_path, "0001", account="old"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    environment = {**os.environ, **Settings(data=tmp_path, cluster_key="key").environment()}

    command = [sys.executable, "-m", "hustings.server.control"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, check=False)

    assert done.returncode == EXIT_FOR_GOOD
    assert "error: The database was made by a newer Hustings: it is at 9999" in done.stderr
    assert "Traceback" not in done.stderr
