"""The whole server and real browsers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import chromium
from tests.support.hearing import voices, write_wav
from tests.support.stranger import PASSWORD
from tests.support.town import Town
from tests.support.town_log import faults, written_in


def expect_a_log_without_people(town: Town) -> None:
    """After whatever evening it was."""
    written = written_in(town.data / "hustings.db")
    assert faults(town.whole_log(), {*written, PASSWORD}) == []


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A running installation with an owner whose token `api` uses."""
    town = Town(tmp_path / "town")
    town.start()
    town.account()
    yield town
    if town.running:
        assert town.stop() == 0
    expect_a_log_without_people(town)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Its microphone speaks without end."""
    write_wav(tmp_path / "microphone.wav", voices(tmp_path)["en-us"])
    with chromium(tmp_path / "microphone.wav") as browser:
        yield browser


@pytest.fixture
def fresh_town(tmp_path: Path) -> Iterator[Town]:
    """A running installation without an owner."""
    town = Town(tmp_path / "town")
    town.start()
    yield town
    if town.running:
        assert town.stop() == 0
    expect_a_log_without_people(town)
