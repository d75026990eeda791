"""What a first start shows: a sample that is heard like any conversation, and gone with one press."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.support.stranger import SOON, a_person, expect_sound, shot, start_listening
from tests.support.town import Town, eventually


@pytest.fixture
def sample_town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path / "town", flags=("--sample",))
    town.start()
    yield town
    if town.running:
        assert town.stop() == 0


@pytest.mark.timeout(180)
def test_an_empty_folder_starts_with_a_sample_that_one_press_removes_for_good(
    sample_town: Town, browser: Browser
) -> None:
    town = sample_town
    visitor = a_person(browser)
    visitor.goto(town.url)
    visitor.get_by_role("link", name=re.compile("sample", re.IGNORECASE)).first.click(timeout=SOON)
    expect(visitor.get_by_text("This is a sample conversation.")).to_be_visible()
    start_listening(visitor)
    expect_sound(visitor)
    expect(visitor.get_by_text("speaking").first).to_be_attached(timeout=SOON)
    shot(visitor, "sample")
    assert "sample" in town.processes()

    visitor.get_by_role("button", name="Remove the sample").click()

    expect(visitor.get_by_role("heading", name="The sample is gone")).to_be_visible()
    shot(visitor, "sample-gone")
    eventually(lambda: "sample" not in town.processes(), what="the sample's voices to leave")
    assert town.stop() == 0
    town.start()
    assert town.api("GET", "/spaces")["live"] == []
