import httpx
import pytest
from tests.support.authenticator import Authenticator
from tests.support.control import SITE, World


async def registered(world: World) -> tuple[httpx.AsyncClient, Authenticator]:
    owner = await world.owner()
    device = Authenticator("town.test", SITE)
    options = (await owner.post("/api/v1/passkeys/options")).json()
    made = await owner.post("/api/v1/passkeys", json={"credential": device.make(options), "label": "phone"})
    assert made.status_code == 201, made.text
    return owner, device


async def test_a_passkey_signs_in_without_a_name(world: World) -> None:
    owner, device = await registered(world)
    browser = await world.person()

    options = (await browser.post("/api/v1/sessions/passkey/options")).json()
    answer = await browser.post("/api/v1/sessions/passkey", json={"credential": device.answer(options)})

    assert answer.status_code == 201
    assert (await browser.get("/api/v1/me")).json()["account"]["name"] == "ada"
    assert (await owner.get("/api/v1/me")).json()["passkeys"] == 1


async def test_the_options_ask_for_a_key_that_knows_whose_it_is(world: World) -> None:
    owner = await world.owner()

    options = (await owner.post("/api/v1/passkeys/options")).json()

    assert options["rp"]["id"] == "town.test"
    assert options["authenticatorSelection"]["residentKey"] == "required"


async def test_an_answer_cannot_be_played_again(world: World) -> None:
    _, device = await registered(world)
    browser = await world.person()
    options = (await browser.post("/api/v1/sessions/passkey/options")).json()
    credential = device.answer(options)

    first = await browser.post("/api/v1/sessions/passkey", json={"credential": credential})
    second = await browser.post("/api/v1/sessions/passkey", json={"credential": credential})

    assert (first.status_code, second.status_code) == (201, 401)


async def test_an_answer_that_took_too_long_is_refused(world: World) -> None:
    _, device = await registered(world)
    browser = await world.person()
    options = (await browser.post("/api/v1/sessions/passkey/options")).json()
    world.clock.advance(301)

    answer = await browser.post("/api/v1/sessions/passkey", json={"credential": device.answer(options)})

    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


async def test_an_answer_made_for_another_site_is_refused(world: World) -> None:
    await registered(world)
    browser = await world.person()
    impostor = Authenticator("town.test", "http://elsewhere.test")
    options = (await browser.post("/api/v1/sessions/passkey/options")).json()

    answer = await browser.post("/api/v1/sessions/passkey", json={"credential": impostor.answer(options)})

    assert answer.status_code == 401


@pytest.mark.parametrize("credential", [{}, {"response": {}}, {"response": {"clientDataJSON": "e30"}}, {"id": 5}])
async def test_a_broken_credential_is_refused_with_a_sentence(world: World, credential: dict[str, object]) -> None:
    browser = await world.person()

    answer = await browser.post("/api/v1/sessions/passkey", json={"credential": credential})

    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_refused")


async def test_a_removed_passkey_opens_nothing(world: World) -> None:
    owner, device = await registered(world)
    (listed,) = (await owner.get("/api/v1/passkeys")).json()

    removed = await owner.delete(f"/api/v1/passkeys/{listed['id']}")
    browser = await world.person()
    options = (await browser.post("/api/v1/sessions/passkey/options")).json()
    answer = await browser.post("/api/v1/sessions/passkey", json={"credential": device.answer(options)})

    assert listed["label"] == "phone"
    assert removed.status_code == 204
    assert answer.status_code == 401
    assert (await owner.delete(f"/api/v1/passkeys/{listed['id']}")).status_code == 404
