import errno
import io
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hustings.api.body_limit import SMALL, UPLOAD, BodyLimit
from hustings.api.errors import sentence_of
from hustings.api.uploads import LARGEST, keep, require_size
from hustings.base.errors import TooLarge
from hustings.spaces.errors import BadUpload


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
    ("path", "size", "status"), [("/x", SMALL, 200), ("/x", SMALL + 1, 413), ("/s/preshow", SMALL + 1, 200)]
)
async def test_a_body_is_read_up_to_its_limit(path: str, size: int, status: int) -> None:
    app = BodyLimit(Starlette(routes=[Route(path, _count, methods=["POST"])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.post(path, content=b"x" * size)

    assert answer.status_code == status
    assert answer.text == str(size) or answer.json()["code"] == "too_large"


def test_music_may_have_a_hundred_megabytes_and_the_form_around_it_comes_on_top() -> None:
    require_size(LARGEST)

    with pytest.raises(TooLarge, match="100 MB"):
        require_size(LARGEST + 1)
    with pytest.raises(BadUpload):
        require_size(0)
    assert LARGEST == 100_000_000 < UPLOAD


class _FillsTheDisk(io.BytesIO):
    """A source after whose first bytes nothing more can be written."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(4)


def test_a_disk_that_fills_while_music_is_kept_is_left_without_the_half_of_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        keep(_FillsTheDisk(b"some music"), tmp_path, "music.mp3")
    assert list(tmp_path.iterdir()) == []

    keep(io.BytesIO(b"some music"), tmp_path, "music.mp3")
    assert [path.name for path in tmp_path.iterdir()] == ["music.mp3"]
