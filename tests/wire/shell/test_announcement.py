"""What the supervisor says at the start, whatever control answers meanwhile."""

from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.support.asgi import serving

from hustings.base.settings import CONTROL, Settings
from hustings.server.serve import announce

LINK = "http://town.test/setup#secret"


async def announced(folder: Path, answers: Iterable[Response]) -> list[str]:
    """Keys shown by who asks a control that is there and gives `answers` to the question for the owner's link."""
    left, keys = iter(answers), list[str]()

    async def me(_request: Request) -> Response:
        return PlainTextResponse("here")

    async def owner_link(request: Request) -> Response:
        keys.append(request.headers["authorization"])
        return next(left)

    control = Starlette(routes=[Route("/api/v1/me", me), Route("/internal/owner-link", owner_link, methods=["POST"])])
    async with serving(control) as url:
        given = {"data": folder, "cluster_key": "key", "control_url": url, "stage_url": url}
        await announce(Settings.model_validate(given), (CONTROL,))
    return keys


async def test_the_owners_link_is_asked_for_until_control_tells_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [
        PlainTextResponse("busy", 503), PlainTextResponse("<html>"), PlainTextResponse("[]"),
        PlainTextResponse(f'{{"url": "{LINK}"}}'),
    ]  # fmt: skip

    asked = await announced(tmp_path, answers)

    assert asked == ["Bearer key"] * 4
    assert capsys.readouterr().out == f"Nobody owns it yet. Become its owner: {LINK}\n"


@pytest.mark.parametrize(
    "answer", [PlainTextResponse('{"url": null}'), PlainTextResponse("no", httpx.codes.UNAUTHORIZED)]
)
async def test_nothing_is_said_of_an_owners_link_when_control_has_none_to_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: Response
) -> None:
    assert len(await announced(tmp_path, [answer])) == 1
    assert capsys.readouterr().out == ""
