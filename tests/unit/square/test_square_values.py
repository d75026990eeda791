import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.base.clock import ManualClock
from hustings.square.errors import BadName, NotSignedIn, ScopeMissing, TooManyTries, WeakPassword
from hustings.square.limits import Limiter, origin
from hustings.square.names import account_name, display_name, same_to_the_eye
from hustings.square.passwords import AT_ONCE, MAX_WAITING, Passwords, SignInBusy, check_new_password
from hustings.square.principal import ALL_SCOPES, NOBODY, Principal, Scope
from hustings.square.secrets import derived, hashed, new_token
from hustings.store.values import Account, AccountRole

ADA = Account("1", "ada", "Ada Lind", AccountRole.MEMBER, 1.0)


@pytest.mark.parametrize(
    ("typed", "name"), [("ada", "ada"), (" @Ada_Lind ", "ada_lind"), ("a", "a"), ("x" * 30, "x" * 30)]
)
def test_an_account_name_is_brought_to_one_form(typed: str, name: str) -> None:
    assert account_name(typed) == name


@pytest.mark.parametrize("typed", ["", "_ada", "ada_", "ada lind", "adä", "a/b", "x" * 31, "admin", "\u0430da"])
def test_an_account_name_that_could_deceive_is_refused(typed: str) -> None:
    with pytest.raises(BadName):
        account_name(typed)


@given(st.text())
def test_a_display_name_is_one_visible_line_or_refused(text: str) -> None:
    try:
        name = display_name(text)
    except BadName:
        return
    assert 1 <= len(name) <= 50
    assert name == " ".join(name.split())
    assert display_name(name) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 51,
        "Ada\u202eLind",
        "Ada\u200bLind",
        "Ada\x00",
        "A\u200dda",
        "A\u200cda",
        "Ada\u200d",
        "\u200dAda",
        "👩\u200d",
        "👩\u200dAnn",
        "Ada\u2066",
        "Ada\u3164",
    ],
)
def test_a_display_name_with_nothing_or_hidden_characters_is_refused(text: str) -> None:
    with pytest.raises(BadName):
        display_name(text)


def test_names_in_other_letters_from_every_language_are_fine() -> None:
    assert display_name("  Åsa   Öberg ") == "Åsa Öberg"
    assert display_name("عادل") == "عادل"


@pytest.mark.parametrize(
    "name",
    [
        "👩\u200d🚀 Ann",
        "👩🏽\u200d🚀",
        "\u2764\ufe0f\u200d🔥",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        "\u0915\u094d\u200d\u0937",
        "\u0d35\u0d3f\u0d28\u0d4d\u200d",
    ],
)
def test_a_joiner_is_kept_where_a_script_or_an_emoji_is_spelled_with_it(name: str) -> None:
    assert display_name(name) == name


def test_names_that_differ_only_by_case_or_width_are_one_to_the_eye() -> None:
    assert same_to_the_eye("Ada Lind", "ADA LIND")
    assert same_to_the_eye("Ada", "\uff21da")
    assert same_to_the_eye("Straße", "STRASSE")
    assert not same_to_the_eye("Ada", "Ben")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë", "Z\u043eë"),
        ("Ada", "\u0410da"),
        ("ADA LIND", "\u0410da Lind"),
        ("Paul", "PauI"),
        ("Ivan", "\u0406VAN"),
        ("Tom", "Torn"),
        ("Nora", "\u039dora"),
        ("Bob", "B0b"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u0631\u0636\u0627"),
        ("\u2764\ufe0f Ann", "\u2764 Ann"),
    ],
)
def test_names_in_letters_that_share_a_shape_are_one_to_the_eye(one: str, other: str) -> None:
    assert same_to_the_eye(one, other)
    assert same_to_the_eye(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("Zoë", "Zoe"), ("Anna", "Анна"), ("Olga", "Ольга"), ("Ann", "Anne"), ("Ada", "Ida")]
)
def test_names_that_can_be_told_apart_are_two(one: str, other: str) -> None:
    assert not same_to_the_eye(one, other)


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaaaaaa", "ada-password"])
def test_a_password_that_is_easily_guessed_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_new_password(password, "ada")


def test_a_sentence_is_a_password() -> None:
    check_new_password("the ferry must stay here", "ada")


def test_nobody_is_told_to_sign_in() -> None:
    with pytest.raises(NotSignedIn):
        NOBODY.needs(Scope.READ)
    with pytest.raises(NotSignedIn):
        NOBODY.needs_person()


def test_a_token_does_only_what_its_scopes_say() -> None:
    token = Principal(ADA, scopes=frozenset({Scope.READ}))

    assert token.needs(Scope.READ) == ADA
    with pytest.raises(ScopeMissing):
        token.needs(Scope.HOST)
    with pytest.raises(ScopeMissing):
        token.needs_person()
    assert Principal(ADA, "session", ALL_SCOPES).needs_person() == ADA


def test_a_derived_secret_is_the_same_each_time_and_tells_nothing_of_another() -> None:
    assert derived("key", "link 1") == derived("key", "link 1")
    assert len({derived("key", "link 1"), derived("key", "link 2"), derived("other", "link 1")}) == 3


def test_a_token_is_recognisable_and_unlike_its_hash() -> None:
    token = new_token()

    assert token.startswith("hst_")
    assert token not in hashed(token)


async def test_the_next_try_above_a_limit_is_refused_with_a_time_to_come_back() -> None:
    clock = ManualClock()
    limiter = Limiter(clock)
    for _ in range(3):
        await limiter.hit("3/minute", "Wait.", "address", "ada")

    with pytest.raises(TooManyTries) as refused:
        await limiter.hit("3/minute", "Wait.", "address", "ada")

    assert 1 <= refused.value.retry_after <= 60
    await limiter.hit("3/minute", "Wait.", "another address", "ada")
    clock.advance(refused.value.retry_after)
    await limiter.hit("3/minute", "Wait.", "address", "ada")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_whoever_has_a_network_of_ipv6_has_no_more_tries_than_who_has_one_address(address: str, counted: str) -> None:
    assert origin(address) == counted


async def test_a_password_is_recognised_and_nobody_has_none() -> None:
    passwords = Passwords()
    stored = await passwords.hash("the ferry must stay here")

    assert stored.startswith("$argon2id$")
    assert await passwords.matches("the ferry must stay here", stored)
    assert not await passwords.matches("the ferry must go", stored)
    assert not await passwords.matches("nobody's password", None)
    passwords.close()


async def test_a_storm_of_sign_ins_is_told_to_come_back_instead_of_filling_memory() -> None:
    passwords = Passwords()
    storm = [asyncio.create_task(passwords.hash("x")) for _ in range(MAX_WAITING + AT_ONCE)]
    await asyncio.wait(storm, return_when=asyncio.FIRST_COMPLETED)

    refused = [task for task in storm if task.done() and isinstance(task.exception(), SignInBusy)]

    assert len(refused) == AT_ONCE
    for task in storm:
        task.cancel()
    await asyncio.gather(*storm, return_exceptions=True)
    passwords.close()
