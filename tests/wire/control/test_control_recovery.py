"""An account whose owner lost every way in, let in again from the shell beside the running server."""

import httpx
import pytest
from tests.support.authenticator import Authenticator
from tests.support.control import PASSWORD, SITE, World

from hustings.square.creation import recover_account
from hustings.square.errors import NoSuchAccount

NEW_PASSWORD = "a barrel and a plank"


async def recovered(world: World) -> str:
    """The link's secret."""
    made = await recover_account(world.settings, world.clock, "ada")
    assert made.link is not None
    return made.link.partition("#")[2]


async def sign_in(world: World, password: str) -> int:
    browser = await world.person()
    return (await browser.post("/api/v1/sessions", json={"name": "ada", "password": password})).status_code


async def name_seen(browser: httpx.AsyncClient) -> str | None:
    account = (await browser.get("/api/v1/me")).json().get("account")
    return account["name"] if account else None


async def test_after_a_recovery_nothing_of_before_opens_the_account_and_its_link_does_once(world: World) -> None:
    owner, device = await world.owner(), Authenticator("town.test", SITE)
    options = (await owner.post("/api/v1/passkeys/options")).json()
    await owner.post("/api/v1/passkeys", json={"credential": device.make(options), "label": "phone"})
    token = (await owner.post("/api/v1/tokens", json={"label": "obs", "scopes": ["read"]})).json()["token"]
    program = await world.bearer(token)
    assert (await name_seen(owner), await name_seen(program)) == ("ada", "ada")

    link = await recovered(world)

    assert await name_seen(owner) is None
    assert (await program.get("/api/v1/me")).status_code == 401
    assert await sign_in(world, PASSWORD) == 401
    stranger = await world.person()
    options = (await stranger.post("/api/v1/sessions/passkey/options")).json()
    tried = await stranger.post("/api/v1/sessions/passkey", json={"credential": device.answer(options)})
    assert tried.status_code == 401

    browser = await world.person()
    body = {"link": link, "name": "ada", "display_name": "", "password": NEW_PASSWORD}
    assert (await browser.post("/api/v1/setup", json=body)).status_code == 200
    assert await name_seen(browser) == "ada"
    assert await sign_in(world, NEW_PASSWORD) == 201
    assert not (await browser.post("/api/v1/setup", json=body)).is_success
    assert await world.control.owner_link() is None  # the owner it was, the owner it is


async def test_of_two_recoveries_the_link_of_the_second_works(world: World) -> None:
    await world.owner()
    first, second = await recovered(world), await recovered(world)
    browser = await world.person()

    assert not (await browser.post("/api/v1/setup/look", json={"link": first})).is_success
    assert (await browser.post("/api/v1/setup/look", json={"link": second})).json()["name"] == "ada"


async def test_others_keep_their_ways_in_and_a_name_that_nobody_has_is_told(world: World) -> None:
    await world.owner()
    other = await world.program("ben")

    await recovered(world)

    assert await name_seen(other) == "ben"
    with pytest.raises(NoSuchAccount, match="eve"):
        await recover_account(world.settings, world.clock, "eve")
