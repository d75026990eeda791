"""A stranger's first evening, in browsers: owner, host, guest, listener, replay."""

import re

import pytest
from playwright.sync_api import Browser, expect
from tests.support.stranger import (
    BACKSTAGE,
    ON_AIR,
    SOON,
    a_person,
    agree_and_sit,
    become_owner,
    come_as_guest,
    expect_sound,
    go_backstage,
    go_live,
    listen,
    make_invitation,
    press_and_hold,
    put_on_air,
    shot,
    start_listening,
)
from tests.support.town import Town, eventually

# What the page says of a microphone once sound goes both ways.
HEARD_WELL = re.compile("how loud you should be|too quiet|too loud", re.IGNORECASE)


def speaking(town: Town, space: str, name: str | None = None) -> bool:
    return any(v["speaking"] and name in (None, v["name"]) for v in town.card(space)["speakers"])


def listed(town: Town, space: str, name: str) -> bool:
    return any(v["name"] == name for v in town.card(space)["speakers"])


def role(town: Town, space: str, name: str) -> str:
    return next(str(v["role"]) for v in town.card(space)["speakers"] if v["name"] == name)


def long_enough(town: Town, space: str) -> bool:
    card = town.card(space)
    return bool(card["now"] - card["live_at"] > 10)


@pytest.mark.timeout(300)
def test_a_first_evening_from_the_owners_link_to_the_replay(fresh_town: Town, browser: Browser) -> None:
    town = fresh_town
    host, listener, guest = (a_person(browser) for _ in range(3))
    become_owner(town, host)
    space = go_backstage(host, town, "The candidates and the town")
    shot(host, "backstage")
    listener.goto(f"{town.url}/spaces/{space}")
    expect(listener.get_by_role("heading", name="The candidates and the town")).to_be_visible()
    shot(listener, "scheduled")
    host.get_by_role("button", name="Open the doors").click()
    start_listening(listener)
    expect_sound(listener)
    shot(listener, "doors")

    come_as_guest(guest, make_invitation(host), "Ben Okafor")
    host.get_by_role("button", name="Go live", exact=True).click()
    expect(host.get_by_text(ON_AIR).first).to_be_visible()
    put_on_air(host, "Ben Okafor")
    expect(guest.get_by_text(ON_AIR).first).to_be_visible()
    eventually(lambda: all(speaking(town, space, n) for n in ("Ada Lind", "Ben Okafor")), what="two voices")
    expect(listener.get_by_text("Ben Okafor").first).to_be_visible()
    expect_sound(listener)
    shot(listener, "live")
    shot(host, "console")
    shot(guest, "speaker")

    eventually(lambda: long_enough(town, space), within=20, what="ten seconds of conversation")
    press_and_hold(host, re.compile("^End"))
    eventually(lambda: town.card(space)["replay"]["state"] == "ready", within=10, what="the replay")
    listener.get_by_role("button", name="Play the replay").click(timeout=SOON)
    expect_sound(listener)
    shot(listener, "replay")
    for download in ("m4a", "flac"):
        assert len(town.get(f"/spaces/{space}/replay.{download}").content) > 10_000


@pytest.mark.timeout(300)
def test_after_a_power_cut_browsers_are_back_on_their_seats_and_listeners_hear_on(
    fresh_town: Town, browser: Browser
) -> None:
    town = fresh_town
    host, listener = a_person(browser), a_person(browser)
    become_owner(town, host)
    space = go_backstage(host, town, "Mid-sentence")
    go_live(host)
    listen(listener, town, space)
    expect_sound(listener)
    eventually(lambda: speaking(town, space), what="the host's voice")

    town.kill_everything()
    away = re.compile("reconnect|getting it back|again by itself", re.IGNORECASE)
    expect(host.get_by_text(away).first).to_be_visible(timeout=SOON)
    shot(host, "cut")
    town.start()

    eventually(lambda: speaking(town, space), within=40, what="the host's voice again")
    expect(host.get_by_text(ON_AIR).first).to_be_visible()
    expect_sound(listener)
    shot(listener, "returned")


def on_seat(town: Town, space: str) -> bool:
    return any(v["connected"] for v in town.card(space)["speakers"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", ["scheduled", "doors"])
def test_a_browser_backstage_is_back_on_its_seat_after_a_power_cut(
    fresh_town: Town, browser: Browser, state: str
) -> None:
    town = fresh_town
    host = a_person(browser)
    become_owner(town, host)
    space = go_backstage(host, town, "Not yet")
    if state == "doors":
        host.get_by_role("button", name="Open the doors").click()
    eventually(lambda: town.card(space)["state"] == state and on_seat(town, space), what="the host in that state")

    town.kill_everything()
    expect(host.get_by_text("reconnect").or_(host.get_by_text("CONNECTING")).first).to_be_visible(timeout=SOON)
    town.start()

    eventually(lambda: on_seat(town, space), within=40, what="the host's seat taken again")
    assert town.card(space)["state"] == state
    expect(host.get_by_text(BACKSTAGE).first).to_be_visible()
    expect(host.get_by_role("button", name="Go live" if state == "doors" else "Open the doors")).to_be_enabled()


@pytest.mark.timeout(300)
def test_a_listener_raises_a_hand_speaks_is_muted_and_removed(fresh_town: Town, browser: Browser) -> None:
    town = fresh_town
    host, asker = a_person(browser), a_person(browser)
    become_owner(town, host)
    space = go_backstage(host, town, "Questions from the floor")
    go_live(host)
    asker.goto(f"{town.url}/spaces/{space}")
    asker.get_by_role("button", name="Ask to speak").first.click()
    asker.get_by_label("Your name, as everyone will see it").fill("Chi Tran")
    asker.get_by_role("button", name="Ask to speak").last.click()
    host.get_by_role("button", name=re.compile("Invite.*Chi Tran")).click(timeout=SOON)
    expect(asker.get_by_role("heading", name="You are invited to the stage")).to_be_visible(timeout=SOON)
    assert not listed(town, space, "Chi Tran")  # not before accepting
    asker.get_by_role("checkbox", name=re.compile("I agree")).check()
    asker.get_by_role("button", name="Take my seat").click()
    asker.wait_for_url(re.compile("/stage"))

    put_on_air(host, "Chi Tran")
    eventually(lambda: speaking(town, space, "Chi Tran"), what="the asker's voice")
    host.get_by_role("button", name="Mute Chi Tran").click()
    eventually(lambda: not speaking(town, space, "Chi Tran"), what="silence")
    host.get_by_role("button", name="More for Chi Tran").click()
    press_and_hold(host, re.compile("Remove.*Chi Tran"))
    eventually(lambda: not listed(town, space, "Chi Tran"), what="the empty seat")
    expect(asker.get_by_text(re.compile("removed|no longer", re.IGNORECASE)).first).to_be_visible(timeout=SOON)
    shot(asker, "removed")


@pytest.mark.timeout(300)
def test_a_host_hands_over_to_a_cohost_who_goes_on_and_ends_it(fresh_town: Town, browser: Browser) -> None:
    town = fresh_town
    host, guest = a_person(browser), a_person(browser)
    become_owner(town, host)
    space = go_backstage(host, town, "The second half")
    go_live(host)
    come_as_guest(guest, make_invitation(host), "Ben Okafor")
    expect(guest.get_by_role("button", name=re.compile("^End"))).to_have_count(0)

    host.get_by_role("button", name="More for Ben Okafor").click(timeout=SOON)
    host.get_by_role("button", name="Make co-host").click()
    expect(guest.get_by_role("button", name=re.compile("^End"))).to_be_visible(timeout=SOON)
    expect(guest.get_by_role("button", name=re.compile("^Hand over"))).to_have_count(0)
    press_and_hold(host, re.compile("^Hand over.*Ben Okafor"))
    expect(guest.get_by_text(re.compile(r"^\d?host,"))).to_be_visible(timeout=SOON)
    assert role(town, space, "Ben Okafor") == "host"
    assert role(town, space, "Ada Lind") == "cohost"
    host.close()
    put_on_air(guest, "Ben Okafor")
    eventually(lambda: speaking(town, space, "Ben Okafor"), what="the co-host's voice")
    assert town.card(space)["state"] == "live"
    shot(guest, "cohost")

    press_and_hold(guest, re.compile("^End"))
    eventually(lambda: town.card(space)["state"] == "ended", what="the end")


@pytest.mark.timeout(300)
def test_an_invitation_opened_in_another_browser_takes_the_seat_and_says_so(
    fresh_town: Town, browser: Browser
) -> None:
    town = fresh_town
    host, guest, other = (a_person(browser) for _ in range(3))
    become_owner(town, host)
    go_backstage(host, town, "Two with one link")
    invitation = make_invitation(host)
    come_as_guest(guest, invitation, "Ben Okafor")
    expect(guest.get_by_text(HEARD_WELL)).to_be_visible(timeout=SOON)

    other.goto(invitation)
    expect(other.get_by_text("This invitation has given Ben Okafor a seat.")).to_be_visible()
    agree_and_sit(other, "Come backstage")
    expect(guest.get_by_role("heading", name="Your seat was taken in another browser")).to_be_visible(timeout=SOON)
    shot(guest, "taken")
    guest.get_by_role("button", name="Take it back").click()

    expect(other.get_by_role("heading", name="Your seat was taken in another browser")).to_be_visible(timeout=SOON)
    expect(guest.get_by_text(BACKSTAGE).first).to_be_visible()
