import asyncio

import pytest
from tests.support.control import PASSWORD, SITE, World

from hustings.square.errors import SignInFailed
from hustings.store.values import AccountRole

OTHER_PASSWORD = "the harbour must stay open"


async def test_the_first_start_prints_a_link_that_makes_the_owner_once(world: World) -> None:
    link = await world.control.owner_link()
    assert link is not None
    assert link.startswith("http://localhost:8123/setup#")
    secret = link.partition("#")[2]
    visitor = await world.person()

    look = await visitor.post("/api/v1/setup/look", json={"link": secret})
    me = (await visitor.get("/api/v1/me")).json()
    await world.owner()

    assert look.json() == {"role": "owner", "name": None}
    assert me == {"account": None, "owner_exists": False, "passkeys": 0}
    assert (await visitor.post("/api/v1/setup/look", json={"link": secret})).status_code == 404
    assert await world.control.owner_link() is None


async def test_the_owners_link_is_shown_again_after_a_restart_until_there_is_an_owner(world: World) -> None:
    first = await world.control.owner_link()

    await world.restart()

    assert await world.control.owner_link() == first


async def test_an_owners_link_that_nobody_used_in_time_is_replaced(world: World) -> None:
    first = await world.control.owner_link()
    world.clock.advance(8 * 86400)

    second = await world.control.owner_link()

    assert second not in {None, first}


async def test_signing_in_sets_a_cookie_that_scripts_cannot_read(world: World) -> None:
    await world.owner()
    browser = await world.person()

    answer = await browser.post("/api/v1/sessions", json={"name": "@Ada", "password": PASSWORD})

    assert answer.status_code == 201
    assert answer.json()["account"] == {"name": "ada", "display_name": "Ada Lind", "role": "owner"}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert (await browser.get("/api/v1/me")).json()["account"]["name"] == "ada"


async def test_over_https_the_cookie_never_travels_in_the_clear(world: World) -> None:
    link = await world.control.owner_link()
    assert link is not None
    browser = await world.person(**{"x-forwarded-proto": "https", "origin": "https://town.test"})

    answer = await browser.post(
        "/api/v1/setup", json={"link": link.partition("#")[2], "name": "ada", "password": PASSWORD}
    )

    assert answer.status_code == 200
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(("name", "password"), [("ada", "not the password"), ("nobody", PASSWORD)])
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(world: World, name: str, password: str) -> None:
    await world.owner()
    browser = await world.person()

    answer = await browser.post("/api/v1/sessions", json={"name": name, "password": password})

    assert answer.status_code == 401
    assert answer.json() == {
        "error": "The name or the password is not right. Check both and try again.",
        "code": "sign_in_failed",
    }


async def test_guessing_a_password_is_slowed_and_does_not_lock_the_person_out_elsewhere(world: World) -> None:
    await world.program("ada")  # has no password, so each try is wrong
    guesser = await world.person(**{"x-forwarded-for": "203.0.113.9"})
    body = {"name": "ada", "password": "guess"}

    answers = [await guesser.post("/api/v1/sessions", json=body) for _ in range(9)]

    assert [answer.status_code for answer in answers] == [401] * 8 + [429]
    assert answers[-1].json()["code"] == "too_many_tries"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600
    elsewhere = await world.person(**{"x-forwarded-for": "203.0.113.10"})
    assert (await elsewhere.post("/api/v1/sessions", json=body)).status_code == 401


async def test_another_address_of_the_same_ipv6_network_brings_no_more_guesses(world: World) -> None:
    await world.program("ada")
    guessers = [await world.person(**{"x-forwarded-for": f"2001:db8:1:2::{number:x}"}) for number in range(9)]
    body = {"name": "ada", "password": "guess"}

    answers = [await guesser.post("/api/v1/sessions", json=body) for guesser in guessers]

    assert [answer.status_code for answer in answers] == [401] * 8 + [429]
    elsewhere = await world.person(**{"x-forwarded-for": "2001:db8:1:3::1"})
    assert (await elsewhere.post("/api/v1/sessions", json=body)).status_code == 401


async def test_a_session_is_listed_and_ends_the_moment_it_is_revoked(world: World) -> None:
    first = await world.owner()
    second = await world.person(**{"user-agent": "Another browser"})
    await second.post("/api/v1/sessions", json={"name": "ada", "password": PASSWORD})

    listed = (await first.get("/api/v1/sessions")).json()
    other = next(session for session in listed if not session["current"])
    revoked = await first.delete(f"/api/v1/sessions/{other['id']}")

    assert len(listed) == 2
    assert other["user_agent"] == "Another browser"
    assert revoked.status_code == 204
    assert (await second.get("/api/v1/me")).json()["account"] is None
    assert (await first.get("/api/v1/me")).json()["account"]["name"] == "ada"
    assert (await first.delete(f"/api/v1/sessions/{other['id']}")).status_code == 404


async def test_signing_out_ends_the_session_and_clears_the_cookie(world: World) -> None:
    browser = await world.owner()
    cookie = browser.cookies["hustings_session"]

    answer = await browser.delete("/api/v1/sessions/current")

    assert answer.status_code == 204
    thief = await world.person(cookie=f"hustings_session={cookie}")
    assert (await thief.get("/api/v1/me")).json()["account"] is None


async def test_a_session_ends_by_age(world: World) -> None:
    browser = await world.owner()
    world.clock.advance(91 * 86400)

    assert (await browser.get("/api/v1/me")).json()["account"] is None


async def test_when_a_session_was_last_seen_is_kept_to_the_minute(world: World) -> None:
    browser = await world.owner()
    world.clock.advance(300)
    await browser.get("/api/v1/me")

    (session,) = (await browser.get("/api/v1/sessions")).json()

    assert session["last_seen_at"] > session["created_at"]


async def test_a_changed_password_ends_every_other_session(world: World) -> None:
    browser = await world.owner()
    other = await world.person()
    await other.post("/api/v1/sessions", json={"name": "ada", "password": PASSWORD})

    wrong = await browser.post("/api/v1/account/password", json={"current": "no", "new": "a longer sentence"})
    right = await browser.post("/api/v1/account/password", json={"current": PASSWORD, "new": "a longer sentence"})

    assert (wrong.status_code, right.status_code) == (401, 204)
    assert (await other.get("/api/v1/me")).json()["account"] is None
    assert (await browser.get("/api/v1/me")).json()["account"]["name"] == "ada"


async def test_the_owner_invites_a_member_who_may_not_invite(world: World) -> None:
    owner = await world.owner()
    made = await owner.post("/api/v1/account-links", json={"role": "member"})
    member = await world.person()
    body = {"link": made.json()["url"].partition("#")[2], "name": "ben", "display_name": "Ben", "password": PASSWORD}

    joined = await member.post("/api/v1/setup", json=body)

    assert made.json()["url"].startswith(f"{SITE}/setup#")
    assert joined.json()["account"]["role"] == "member"
    assert (await member.post("/api/v1/account-links", json={})).status_code == 403


async def test_a_moderator_makes_members_but_no_owner(world: World) -> None:
    owner = await world.owner()
    link = (await owner.post("/api/v1/account-links", json={"role": "moderator"})).json()["url"]
    moderator = await world.person()
    await moderator.post(
        "/api/v1/setup", json={"link": link.partition("#")[2], "name": "mo", "display_name": "", "password": PASSWORD}
    )

    assert (await moderator.post("/api/v1/account-links", json={"role": "member"})).status_code == 201
    assert (await moderator.post("/api/v1/account-links", json={"role": "owner"})).status_code == 403


async def test_a_name_that_is_taken_is_refused_and_the_link_lives_on(world: World) -> None:
    owner = await world.owner()
    link = (await owner.post("/api/v1/account-links", json={})).json()["url"].partition("#")[2]
    visitor = await world.person()
    body = {"link": link, "name": "ADA", "display_name": "x", "password": PASSWORD}

    taken = await visitor.post("/api/v1/setup", json=body)
    free = await visitor.post("/api/v1/setup", json=body | {"name": "ada2"})

    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert free.status_code == 200


async def test_a_members_link_makes_one_account_and_no_second(world: World) -> None:
    owner = await world.owner()
    link = (await owner.post("/api/v1/account-links", json={})).json()["url"].partition("#")[2]
    visitor = await world.person()

    first = await visitor.post("/api/v1/setup", json={"link": link, "name": "ben", "password": PASSWORD})
    second = await visitor.post("/api/v1/setup", json={"link": link, "name": "chi", "password": PASSWORD})

    assert (first.status_code, second.status_code) == (200, 404)
    assert second.json()["code"] == "link_used_up"


async def test_two_who_open_the_same_link_at_once_make_one_account(world: World) -> None:
    link = await world.control.owner_link()
    assert link is not None
    visitors = [await world.person() for _ in range(2)]
    secret = link.partition("#")[2]

    answers = await asyncio.gather(
        *(
            visitor.post("/api/v1/setup", json={"link": secret, "name": f"ada{number}", "password": PASSWORD})
            for number, visitor in enumerate(visitors)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 404]


async def test_an_account_made_in_the_shell_without_a_token_gets_its_password_by_link(world: World) -> None:
    made = await world.shell("ben", AccountRole.MODERATOR, token=False)
    assert made.link is not None
    secret = made.link.partition("#")[2]
    browser = await world.person()

    look = await browser.post("/api/v1/setup/look", json={"link": secret})
    answer = await browser.post("/api/v1/setup", json={"link": secret, "password": PASSWORD})

    assert look.json() == {"role": "moderator", "name": "ben"}
    assert answer.json()["account"]["name"] == "ben"
    again = await browser.post("/api/v1/sessions", json={"name": "ben", "password": PASSWORD})
    assert again.status_code == 201


async def test_a_token_is_shown_once_listed_without_it_and_dead_when_revoked(world: World) -> None:
    owner = await world.owner()
    made = (await owner.post("/api/v1/tokens", json={"label": "studio", "scopes": ["read", "speak"]})).json()
    program = await world.bearer(made["token"])

    listed = await owner.get("/api/v1/tokens")
    worked = (await program.get("/api/v1/me")).json()["account"]["name"]
    narrow = await program.post("/api/v1/spaces", json={"title": "x"})
    await owner.delete(f"/api/v1/tokens/{made['id']}")
    dead = await program.get("/api/v1/me")

    assert made["token"] not in listed.text
    assert listed.json()[0]["scopes"] == ["read", "speak"]
    assert worked == "ada"
    assert (narrow.status_code, narrow.json()["code"]) == (403, "scope_missing")
    assert (dead.status_code, dead.json()["code"]) == (401, "token_refused")


async def test_a_token_expires(world: World) -> None:
    owner = await world.owner()
    made = (await owner.post("/api/v1/tokens", json={"scopes": ["read"], "expires_in_days": 2})).json()
    program = await world.bearer(made["token"])
    assert (await program.get("/api/v1/me")).status_code == 200

    world.clock.advance(2 * 86400 + 1)

    assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_token_cannot_make_tokens_or_change_the_password(world: World) -> None:
    program = await world.program("ada")

    for path, body in [
        ("/api/v1/tokens", {"scopes": ["host"]}),
        ("/api/v1/account/password", {"current": "", "new": "a longer sentence"}),
        ("/api/v1/account-links", {}),
    ]:
        assert (await program.post(path, json=body)).status_code == 403


async def test_no_secret_is_in_the_database_file(world: World) -> None:
    owner = await world.owner()
    made = (await owner.post("/api/v1/tokens", json={"scopes": ["read"]})).json()
    link = (await owner.post("/api/v1/account-links", json={})).json()["url"].partition("#")[2]
    await world.restart()

    stored = b"".join(path.read_bytes() for path in world.settings.data.glob("hustings.db*"))

    assert b"ada" in stored
    for secret in (
        made["token"],
        made["token"].removeprefix("hst_"),
        link,
        owner.cookies["hustings_session"],
        PASSWORD,
    ):
        assert secret.encode() not in stored


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://elsewhere.test"},
        {"origin": "null"},
        {"origin": ""},
    ],
)
async def test_a_write_by_cookie_from_another_site_is_refused(world: World, headers: dict[str, str]) -> None:
    owner = await world.owner()

    answer = await owner.post("/api/v1/spaces", json={"title": "x"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "from_elsewhere")


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": SITE}])
async def test_a_write_by_cookie_from_our_own_page_is_taken(world: World, headers: dict[str, str]) -> None:
    owner = await world.owner()

    assert (await owner.post("/api/v1/spaces", json={"title": "x"}, headers=headers)).status_code == 201


async def test_an_account_shows_its_name_and_its_spaces(world: World) -> None:
    owner = await world.owner()
    await owner.patch("/api/v1/account", json={"display_name": "Ada of the Ferry"})
    await owner.post("/api/v1/spaces", json={"title": "The ferry"})
    visitor = await world.person()

    shown = (await visitor.get("/api/v1/accounts/ada")).json()

    assert shown["display_name"] == "Ada of the Ferry"
    assert [space["title"] for space in shown["spaces"]] == ["The ferry"]
    assert (await visitor.get("/api/v1/accounts/nobody")).status_code == 404


async def test_an_edge_asks_whether_an_account_exists(world: World) -> None:
    await world.program("ada")
    edge = await world.role()

    assert (await edge.get("/internal/accounts/ada")).json() == "ada"
    assert (await edge.get("/internal/accounts/nobody")).status_code == 404


async def test_a_name_and_a_password_changed_at_once_are_both_kept(world: World) -> None:
    await world.owner()
    accounts = world.control.services.accounts
    read = await accounts.by_name("ada")

    await accounts.change_password(read, PASSWORD, OTHER_PASSWORD, None)
    await accounts.rename(read, "Ada of the Ferry")

    assert (await accounts.by_password("ada", OTHER_PASSWORD)).display_name == "Ada of the Ferry"
    read = await accounts.by_name("ada")
    await accounts.rename(read, "Ada of the Harbour")
    await accounts.change_password(read, OTHER_PASSWORD, PASSWORD, None)

    assert (await accounts.by_password("ada", PASSWORD)).display_name == "Ada of the Harbour"


async def test_of_two_changes_of_a_password_from_the_same_one_the_second_is_refused(world: World) -> None:
    await world.owner()
    accounts = world.control.services.accounts
    read = await accounts.by_name("ada")
    await accounts.change_password(read, PASSWORD, OTHER_PASSWORD, None)

    with pytest.raises(SignInFailed):
        await accounts.change_password(read, PASSWORD, "the harbour stays shut", None)

    assert (await accounts.by_password("ada", OTHER_PASSWORD)).name == "ada"
