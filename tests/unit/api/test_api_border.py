import errno
import io
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.support.sounds import as_wav, tone

from hustings.api import models
from hustings.api.body_limit import BodyLimit
from hustings.api.errors import Unfit
from hustings.api.uploads import keep, require_size
from hustings.base.errors import TooLarge
from hustings.base.sizes import DOCUMENT, MUSIC, UPLOAD, too_large
from hustings.edge import proxy
from hustings.spaces.errors import BadUpload


@pytest.mark.parametrize(
    ("model", "sent", "field", "sentence"),
    [
        (models.NewSpace, {}, "title", "“title” is missing."),
        (models.NewSpace, {"title": 5}, "title", "“title” must be text, in quotes."),
        (models.NewSpace, {"title": "x" * 4001}, "title", "“title” may have up to 4000 characters. Shorten it."),
        (models.NewSpace, {"title": "x", "titel": "y"}, "titel", "“titel” is not known here. Check its spelling."),
        (models.NewSpace, {"title": "x", "record": "yes"}, "record", "“record” must be true or false."),
        (models.NewSpace, {"title": "x", "speakers": "ben"}, "speakers", "“speakers” must be a list."),
        (models.NewSpace, {"title": "x", "speakers": [5]}, "speakers.0", "“speakers.0” must be text, in quotes."),
        (models.NewSpace, {"title": "x", "speakers": ["b"] * 51}, "speakers",
         "“speakers” may have up to 50 entries. Leave some out."),
        (models.NewSpace, {"title": "x", "starts_at": True}, "starts_at",
         "“starts_at” must be a time, written like 2026-08-12T20:00:00+02:00."),
        (models.NewSpace, {"title": "x", "starts_at": "2026-08-12T20:00:00"}, "starts_at",
         "“starts_at” must say its time zone, as in 2026-08-12T20:00:00+02:00."),
        (models.NewToken, {"scopes": ["all"]}, "scopes.0", "“scopes.0” must be one of these: read, speak, host."),
        (models.NewToken, {"scopes": [], "expires_in_days": 1.5}, "expires_in_days",
         "“expires_in_days” must be a whole number."),
        (models.NewPasskey, {"credential": []}, "credential", "“credential” must be an object with fields."),
        (models.NewSpace, [], "", "The request's body must be an object with fields."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request_is_said_in_a_sentence_that_names_the_field(
    model: type[models.Model], sent: object, field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(sent)
    fault = refused.value.errors()[0]

    unfit = Unfit({**fault, "loc": ("body", *fault["loc"])})

    assert unfit.body == {"error": sentence, "code": "invalid", "field": field}


def test_a_finding_nobody_thought_of_is_no_machines_text_either() -> None:
    unfit = Unfit({"loc": ("body", "x"), "type": "is_instance_of", "msg": "Input should be an instance of X"})

    assert str(unfit).startswith("“x” cannot be used in this form.")


@pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\tb"])
@pytest.mark.parametrize(
    ("model", "field"),
    [
        (models.NewSpace, "title"), (models.NewSpace, "description"), (models.SpaceChange, "title"),
        (models.SpaceChange, "description"), (models.Renamed, "display_name"), (models.Setup, "display_name"),
        (models.NewInvitation, "name"), (models.Acceptance, "name"), (models.NewHand, "name"),
        (models.NewToken, "label"), (models.NewPasskey, "label"),
    ],
)  # fmt: skip
def test_a_text_has_no_character_that_cannot_be_seen(model: type[models.Model], field: str, text: str) -> None:
    others = {"title": "x", "link": "x", "password": "x", "scopes": [], "credential": {}}
    sent = {name: value for name, value in others.items() if name in model.model_fields}

    model.model_validate({**sent, field: "Zoë 🚢 سلام"})
    with pytest.raises(ValidationError, match="cannot be seen"):
        model.model_validate({**sent, field: text})


def test_a_description_alone_has_lines() -> None:
    draft = models.NewSpace(title="x", description="one\r\ntwo\n\nthree")

    assert draft.description == "one\ntwo\n\nthree"
    with pytest.raises(ValidationError, match="no line breaks"):
        models.NewSpace(title="one\ntwo")


async def _count(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.mark.parametrize(
    ("path", "size", "status"), [("/x", DOCUMENT, 200), ("/x", DOCUMENT + 1, 413), ("/s/preshow", DOCUMENT + 1, 200)]
)
async def test_a_body_is_read_up_to_its_limit(path: str, size: int, status: int) -> None:
    app = BodyLimit(Starlette(routes=[Route(path, _count, methods=["POST"])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.post(path, content=b"x" * size)

    assert answer.status_code == status
    assert answer.text == str(size) or answer.json() == too_large(DOCUMENT).body


def test_the_door_and_the_roles_behind_it_have_one_limit_and_one_sentence() -> None:
    assert (proxy.API.body, proxy.WHIP.body, proxy.UPLOADS.body) == (DOCUMENT, DOCUMENT, UPLOAD)
    assert str(too_large(UPLOAD)) == str(too_large(MUSIC)) == "This is too large: at most 100 MB can be sent here."
    assert str(too_large(DOCUMENT)) == "This is too large: at most 64 KB can be sent here."


def test_music_may_have_a_hundred_megabytes_and_the_form_around_it_comes_on_top() -> None:
    require_size(MUSIC)

    with pytest.raises(TooLarge, match="100 MB"):
        require_size(MUSIC + 1)
    with pytest.raises(BadUpload):
        require_size(0)
    assert MUSIC == 100_000_000 < UPLOAD


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

    keep(io.BytesIO(as_wav(tone(1))), tmp_path, "music.mp3")
    assert [path.name for path in tmp_path.iterdir()] == ["music.mp3"]
