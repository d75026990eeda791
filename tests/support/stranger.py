"""What a person does on the pages, step by step, by what the page calls things."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from tests.support.town import Town, eventually

BACKSTAGE = re.compile("^BACKSTAGE$")
ON_AIR = re.compile("^ON AIR$")
PASSWORD = "a plank on two barrels"
SOON = 30_000  # ms: what a loaded machine may need
SHOTS = Path(__file__).parents[1] / "system" / "shots"


def a_person(browser: Browser) -> Page:
    return browser.new_context(permissions=["microphone", "clipboard-read", "clipboard-write"]).new_page()


def shot(page: Page, name: str) -> None:
    """For an eye to look at afterwards."""
    page.screenshot(path=SHOTS / f"evening-{name}.png", full_page=True)


def become_owner(town: Town, page: Page) -> None:
    """By the link that the first start prints."""
    line = eventually(lambda: next((line for line in town.lines if "/setup#" in line), None), what="the owner's link")
    page.goto(line.split()[-1])
    page.get_by_label("Your name, as everyone will see it").fill("Ada Lind")
    page.get_by_label("Account name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("link", name="Start a conversation")).to_be_visible()


def go_backstage(page: Page, town: Town, title: str) -> str:
    """Start a Space and take the host's seat; gives back the Space's id."""
    page.goto(f"{town.url}/new")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Go backstage").click()
    page.wait_for_url(re.compile(r"/spaces/[^/]+/stage"))
    agree_and_sit(page, "Take my seat")
    return page.url.split("/")[-2]


def agree_and_sit(page: Page, button: str) -> None:
    page.get_by_role("checkbox", name=re.compile("I agree")).check()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(BACKSTAGE).first).to_be_visible()


def go_live(host: Page) -> None:
    host.get_by_role("button", name="Open the doors").click()
    host.get_by_role("button", name="Go live", exact=True).click()
    expect(host.get_by_text(ON_AIR).first).to_be_visible()


def make_invitation(host: Page) -> str:
    """Make a link for a guest and copy it; gives back the address."""
    host.get_by_role("button", name="Make a link").click()
    host.get_by_role("button", name="Copy", exact=True).click()
    expect(host.get_by_role("button", name="Copied")).to_be_visible()
    return str(host.evaluate("() => navigator.clipboard.readText()"))


def come_as_guest(guest: Page, invitation: str, name: str) -> None:
    guest.goto(invitation)
    guest.get_by_label("Your name, as everyone will see it").fill(name)
    agree_and_sit(guest, "Come backstage")


def put_on_air(host: Page, name: str) -> None:
    switch = host.get_by_role("button", name=re.compile(f"On air.*{name}"))
    expect(switch.or_(host.get_by_role("button", name=re.compile(f"Backstage.*{name}"))).first).to_be_visible(
        timeout=15_000
    )
    if switch.count():
        switch.click()


def press_and_hold(page: Page, name: str | re.Pattern[str]) -> None:
    button = page.get_by_role("button", name=name)
    button.scroll_into_view_if_needed()
    button.click(delay=1500)


def listen(page: Page, town: Town, space: str) -> None:
    page.goto(f"{town.url}/spaces/{space}")
    start_listening(page)


def start_listening(page: Page) -> None:
    """By the button, unless the browser let the page begin by itself: it may, after a press on the page before."""
    button = page.get_by_role("button", name=re.compile("^(Listen|Pause)$"))
    expect(button).to_be_visible(timeout=SOON)
    if button.inner_text().strip() == "Listen":
        button.click()


def expect_sound(page: Page) -> None:
    """The clock of the page's player moves on by two seconds."""
    page.wait_for_function(
        "() => window.hustings && !window.hustings.audio.paused && window.hustings.audio.currentTime > 0",
        timeout=30_000,
    )
    start = page.evaluate("() => window.hustings.audio.currentTime")
    page.wait_for_function("(start) => window.hustings.audio.currentTime > start + 2", arg=start, timeout=30_000)
