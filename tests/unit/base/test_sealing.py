import msgspec
import pytest

from hustings.base.sealing import SealBroken, Sealer, SealExpired, derive_key


class Ticket(msgspec.Struct, frozen=True):
    number: int


SEALER = Sealer("key", "ticket")


def test_what_was_sealed_opens_as_it_was() -> None:
    assert SEALER.open(SEALER.seal(Ticket(7)), Ticket, max_age=60) == Ticket(7)


@pytest.mark.parametrize("sealer", [Sealer("another", "ticket"), Sealer("key", "another")])
def test_another_key_or_another_purpose_does_not_open_it(sealer: Sealer) -> None:
    with pytest.raises(SealBroken):
        sealer.open(SEALER.seal(Ticket(7)), Ticket, max_age=60)


def test_one_changed_character_breaks_it() -> None:
    sealed = SEALER.seal(Ticket(7))
    changed = ("A" if sealed[0] != "A" else "B") + sealed[1:]

    with pytest.raises(SealBroken):
        SEALER.open(changed, Ticket, max_age=60)


def test_an_old_one_is_said_to_be_expired() -> None:
    with pytest.raises(SealExpired, match="expired"):
        SEALER.open(SEALER.seal(Ticket(7)), Ticket, max_age=-1)


def test_a_sealed_value_of_another_shape_is_refused() -> None:
    class Name(msgspec.Struct):
        name: str

    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal(Ticket(7)), Name, max_age=60)


def test_derived_keys_differ_by_purpose_and_hide_the_key() -> None:
    keys = {derive_key("cluster", purpose) for purpose in ("a", "b", "c")}

    assert len(keys) == 3
    assert derive_key("cluster", "a") == derive_key("cluster", "a")
    assert all("cluster" not in key for key in keys)
