"""Every error of every folder has a status, a word and a sentence; a door has nothing to invent."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import hustings
from hustings.base.errors import (
    Conflict,
    Forbidden,
    HustingsError,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)

FAMILIES = {
    Invalid: 400, TooLarge: 413, Unauthorized: 401, Forbidden: 403, NotFound: 404, Conflict: 409, TooMany: 429,
    Unavailable: 503,
}  # fmt: skip
INSIDE = {"LinkFailed", "OpusError", "OffGrid", "ClientLeft"}  # caught before any door
FOLDERS = [module.name for module in pkgutil.iter_modules(hustings.__path__) if module.ispkg]


def every_error(kind: type[HustingsError] = HustingsError) -> Iterator[type[HustingsError]]:
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


def errors_of(folder: str) -> set[type[HustingsError]]:
    package = importlib.import_module(f"{hustings.__name__}.{folder}")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    return {kind for kind in every_error() if kind.__module__.startswith(f"{package.__name__}.")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_error_of_a_folder_has_the_status_of_its_family_and_a_word(folder: str) -> None:
    for kind in errors_of(folder):
        if kind.__name__.startswith("_"):
            continue
        families = [family for family in FAMILIES if issubclass(kind, family)]
        assert kind.code != HustingsError.code, kind
        assert bool(families) is (kind.__name__ not in INSIDE), kind
        assert all(kind.status // 100 == FAMILIES[family] // 100 for family in families), kind


@pytest.mark.parametrize("folder", ["api", "edge", "stage", "broadcast", "store", "spaces", "square"])
def test_the_folders_that_answer_have_errors_to_be_looked_at(folder: str) -> None:
    assert errors_of(folder)


@pytest.mark.parametrize(("family", "status"), FAMILIES.items())
def test_a_family_has_its_status_and_keeps_its_sentence(family: type[HustingsError], status: int) -> None:
    error = family("What to do.")

    assert (error.status, error.body) == (status, {"error": "What to do.", "code": family.code})


def test_an_error_of_no_family_is_our_own_fault() -> None:
    assert HustingsError("x").status == 500


def test_a_limit_says_when_to_come_back_and_a_refusal_does_not() -> None:
    assert TooMany("Later.", retry_after=7.4).headers == {"retry-after": "8"}
    assert Unavailable("Soon.", retry_after=0.1).headers == {"retry-after": "1"}
    assert Forbidden("No.").headers == {}
    assert Unauthorized("Who?").headers == {"www-authenticate": "Bearer"}
