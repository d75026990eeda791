"""Signing in on the pages: by password, by passkey, and out of another browser at once."""

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.stranger import PASSWORD, a_person, become_owner
from tests.support.town import Town


def a_security_key(page: Page) -> None:
    """The browser's own authenticator for tests: always touched, always knows its user."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": key})


def sign_out(page: Page, town: Town) -> None:
    page.goto(f"{town.url}/me")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


@pytest.mark.timeout(120)
def test_a_passkey_signs_in_without_the_password_and_a_removed_one_does_not(
    fresh_town: Town, browser: Browser
) -> None:
    page = a_person(browser)
    a_security_key(page)
    become_owner(fresh_town, page)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is saved.")).to_be_visible()
    sign_out(page, fresh_town)

    page.goto(f"{fresh_town.url}/sign-in?next=/me")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Ada Lind")).to_be_visible()

    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    sign_out(page, fresh_town)
    page.goto(f"{fresh_town.url}/sign-in?next=/me")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.timeout(120)
def test_a_session_ended_from_another_browser_is_over_at_once(fresh_town: Town, browser: Browser) -> None:
    desk, phone = a_person(browser), a_person(browser)
    become_owner(fresh_town, desk)
    phone.goto(f"{fresh_town.url}/sign-in?next=/me")
    phone.get_by_label("Account name").fill("ada")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in", exact=True).click()
    expect(phone.get_by_role("heading", name="Ada Lind")).to_be_visible()

    desk.goto(f"{fresh_town.url}/me")
    desk.get_by_role("button", name="Sign out there").click()
    expect(desk.get_by_role("button", name="Sign out there")).to_have_count(0)

    phone.reload()
    expect(phone.get_by_role("heading", name="You are not signed in")).to_be_visible()
    desk.reload()
    expect(desk.get_by_role("heading", name="Ada Lind")).to_be_visible()
