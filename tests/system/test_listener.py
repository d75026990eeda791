"""What a listener's hand does besides pressing play, against the whole server: lock screen, keys, back to live."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.hearing import voices, write_wav
from tests.support.stranger import a_person, expect_sound, listen
from tests.support.town import Town, eventually

# Keeps what the page tells the phone, so that a test can press the lock screen's buttons.
LOCK_SCREEN = """
  window.lockScreen = {};
  const set = navigator.mediaSession.setActionHandler.bind(navigator.mediaSession);
  navigator.mediaSession.setActionHandler = (action, act) => {
    window.lockScreen[action] = act;
    set(action, act);
  };
"""
TOLD = "() => ({title: navigator.mediaSession.metadata?.title, state: navigator.mediaSession.playbackState})"
# A headless browser shows every page; this is what a page is told when another one lies upon it.
HIDDEN = """() => {
  Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOWN = "() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }"
PAUSED = "() => hustings.audio.paused"
NEAR = "() => hustings.latency() !== null && hustings.latency() < 8"
LATE = 16  # seconds: well beyond what the page still calls live


@pytest.fixture
def space(town: Town, tmp_path: Path) -> Iterator[str]:
    """A live conversation with one voice."""
    write_wav(tmp_path / "said.wav", voices(tmp_path)["en-us"])
    space = str(town.api("POST", "/spaces", {"title": "The ferry"})["id"])
    town.api("POST", f"/spaces/{space}/live")
    address = f"{town.url}/spaces/{space}"
    speaking = town.begin("speak", address, "--token", town.token, "--file", str(tmp_path / "said.wav"), "--loop")
    try:
        eventually(lambda: any(v["speaking"] for v in town.card(space)["speakers"]), within=30, what="the voice")
        yield space
    finally:
        speaking.terminate()
        speaking.communicate(timeout=10)


@pytest.mark.timeout(120)
def test_a_listener_holds_the_sound_by_lock_screen_keys_and_buttons_and_it_goes_on_in_the_background(
    town: Town, space: str, browser: Browser
) -> None:
    page = a_person(browser)
    page.add_init_script(LOCK_SCREEN)
    listen(page, town, space)
    expect_sound(page)
    _the_lock_screen_names_it_and_holds_it(page)
    _keys_silence_it_and_set_it_going(page)
    _it_goes_on_behind_another_page(page)
    _both_ways_lead_back_to_live(page)


def _the_lock_screen_names_it_and_holds_it(page: Page) -> None:
    assert page.evaluate(TOLD) == {"title": "The ferry", "state": "playing"}
    assert page.evaluate("() => typeof lockScreen.seekto") == "object"  # live has no position to go to
    page.evaluate("() => lockScreen.pause()")
    page.wait_for_function(PAUSED)
    page.wait_for_function("() => navigator.mediaSession.playbackState === 'paused'")
    page.evaluate("() => lockScreen.play()")
    expect_sound(page)


def _keys_silence_it_and_set_it_going(page: Page) -> None:
    page.keyboard.press("m")
    assert page.evaluate("() => hustings.audio.muted")
    page.keyboard.press("m")
    assert not page.evaluate("() => hustings.audio.muted")
    page.get_by_label("Volume").fill("0.5")
    assert page.evaluate("() => hustings.audio.volume") == 0.5
    page.keyboard.press(" ")
    page.wait_for_function(PAUSED)
    page.keyboard.press(" ")
    page.wait_for_function(f"() => !({PAUSED})()")


def _it_goes_on_behind_another_page(page: Page) -> None:
    page.evaluate(HIDDEN)
    with page.expect_response("**/live.json"):  # the page has seen that nobody looks
        pass
    expect_sound(page)
    assert page.evaluate("() => document.hidden")
    page.evaluate(SHOWN)


def _both_ways_lead_back_to_live(page: Page) -> None:
    page.wait_for_function(f"() => hustings.audio.currentTime > {LATE}")
    live = page.get_by_role("button", name="Go live")
    _fall_behind(page)
    page.keyboard.press("l")
    page.wait_for_function(NEAR)
    expect(live).to_have_count(0)
    _fall_behind(page)
    live.click()
    page.wait_for_function(NEAR)
    expect(live).to_have_count(0)
    expect_sound(page)


def _fall_behind(page: Page) -> None:
    """As after a call that took the sound away for a while."""
    page.evaluate("() => { hustings.audio.currentTime = 0.1; }")
    expect(page.get_by_role("button", name="Go live")).to_be_enabled()
    expect(page.get_by_text("seconds behind.")).to_be_visible()


def test_an_address_of_nothing_says_so_and_leads_on(town: Town, browser: Browser) -> None:
    page = a_person(browser)
    for path, words in {
        "/spaces/nope": "There is no conversation here",
        "/spaces/nope/stage": "There is no conversation here",
        "/@nobody": "There is nobody of this name here",
        "/nowhere": "Nothing here",
    }.items():
        page.goto(town.url + path)
        expect(page.get_by_role("heading", name=words)).to_be_visible(timeout=15_000)
        expect(page.get_by_role("link", name="See what is on")).to_be_visible()
