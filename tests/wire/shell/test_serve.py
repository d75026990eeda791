"""What `hustings serve` says, from its first line to the sample's removal."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.town import Town, eventually

from hustings.server.role import NICE


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path / "town", flags=("--sample",))
    town.start()
    yield town
    if town.running:
        town.stop()


BUSY = "stage stood still"  # what the machine, not the server, is to blame for


def logged(town: Town) -> list[dict[str, Any]]:
    text = (town.data.parent / f"{town.data.name}.log").read_text()
    return [line for line in map(json.loads, text.splitlines()) if line["event"] != BUSY]


def amiss(town: Town) -> list[dict[str, Any]]:
    return [line for line in logged(town) if line["level"] != "info"]


def happened(town: Town) -> list[str]:
    return [line["event"] for line in logged(town)]


@pytest.mark.timeout(120)
def test_a_first_start_says_where_it_is_open_and_who_may_own_it_and_nothing_else(town: Town) -> None:
    eventually(lambda: len(town.lines) == 2, what="two lines")
    spaces = eventually(lambda: httpx.get(f"{town.url}/api/v1/spaces").json()["live"], what="the sample")
    eventually(lambda: town.card(spaces[0]["id"])["state"] == "live", within=30, what="the sample's first word")

    assert town.lines[0] == f"Hustings is open at {town.url}\n"
    assert town.lines[1].startswith(f"Nobody owns it yet. Become its owner: {town.url}/setup#")
    assert amiss(town) == []

    removed = httpx.delete(f"{town.url}/api/v1/spaces/{spaces[0]['id']}", headers={"sec-fetch-site": "same-origin"})
    eventually(lambda: "sample" not in town.processes(), what="the sample's voices to leave")
    assert removed.status_code == 204
    assert amiss(town) == []
    assert happened(town)[-1] == "the sample is gone"
    assert {"role started", "speaker connected", "space deleted"} <= set(happened(town))
    town.account()
    assert town.stop() == 0

    town.start()
    assert town.stop() == 0  # whatever it says at the start is said
    assert town.lines[2:] == [f"Hustings is open at {town.url}\n"]


def test_when_the_machine_is_busy_sound_is_made_before_it_is_handed_out(town: Town) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    for role in ("stage", "edge", "control"):
        pid = town.processes()[role]
        weight = Path(f"/proc/{pid}/autogroup")
        assert os.getpriority(os.PRIO_PROCESS, pid) - before == NICE.get(role, 0)
        assert not weight.exists() or int(weight.read_text().split()[-1]) >= NICE.get(role, 0)
    assert NICE.get("stage", 0) < NICE["edge"]
