import importlib
import pkgutil
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import hustings
from hustings.api.body_limit import SMALL, BodyLimit
from hustings.api.errors import STATUS, sentence_of, status_of
from hustings.base.errors import HustingsError, TooMany, Unauthorized


def every_error(kind: type[HustingsError] = HustingsError) -> Iterator[type[HustingsError]]:
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


@pytest.mark.parametrize("folder", ["base", "documents", "store", "square", "spaces", "api"])
def test_every_error_of_a_folder_has_a_status(folder: str) -> None:
    package = importlib.import_module(f"{hustings.__name__}.{folder}")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

    found = {kind for kind in every_error() if kind.__module__.startswith(f"{package.__name__}.")}

    assert all(400 <= status_of(kind) < 600 for kind in found)
    assert all(kind.code != HustingsError.code for kind in found)


def test_an_error_without_a_family_is_noticed() -> None:
    with pytest.raises(LookupError):
        status_of(HustingsError)
    assert status_of(Unauthorized) == STATUS[Unauthorized]
    assert status_of(TooMany) == 429


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"loc": ("body", "title"), "type": "missing", "msg": "Field required"}, "“title” is missing."),
        ({"loc": ("body", "titel"), "type": "extra_forbidden"}, "“titel” is not known here. Check its spelling."),
        ({"loc": ("body", 0), "type": "json_invalid", "msg": "…"}, "The request's body is not valid JSON."),
        ({"loc": ("body",), "type": "missing", "msg": "Field required"}, "The request's body is missing."),
        ({"loc": ("body", "on"), "type": "bool_type", "msg": "Should be."}, "“on” is not right: should be."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said_in_a_sentence(fault: dict[str, object], sentence: str) -> None:
    assert sentence_of(fault) == sentence


async def _count(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.mark.parametrize(
    ("path", "size", "status"), [("/x", SMALL, 200), ("/x", SMALL + 1, 400), ("/s/preshow", SMALL + 1, 200)]
)
async def test_a_body_is_read_up_to_its_limit(path: str, size: int, status: int) -> None:
    app = BodyLimit(Starlette(routes=[Route(path, _count, methods=["POST"])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.post(path, content=b"x" * size)

    assert answer.status_code == status
    assert answer.text == str(size) or answer.json()["code"] == "too_large"
