"""What requests may say. Strict: no unknown field, no text for a number."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _as_unix(value: Any) -> float:
    """ISO 8601 with a zone, or Unix seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("must be a time, written like 2026-08-12T20:00:00+02:00") from error
    if when.tzinfo is None:
        raise ValueError("must say its time zone, as in 2026-08-12T20:00:00+02:00")
    return when.timestamp()


_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, halves of characters, separators of lines and paragraphs
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # the direction of reading


def _line(text: str) -> str:
    """The attack: characters that no page shows, that break the logs and terminals which print them, or that make
    what stands beside them on the page read backwards."""
    if any(unicodedata.category(letter) in _UNSEEN or letter in _TURNING for letter in text):
        raise ValueError("may have no line breaks and no characters that cannot be seen; type it again")
    return text


def _prose(text: str) -> str:
    """As a line, with line breaks; those of Windows become plain ones."""
    lines = text.replace("\r\n", "\n").split("\n")
    if any(unicodedata.category(letter) in _UNSEEN for line in lines for letter in line):
        raise ValueError("may have no characters that cannot be seen; type it again")
    return "\n".join(lines)


_moment = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}

Title = Annotated[str, Field(max_length=4000), AfterValidator(_line)]
Prose = Annotated[str, Field(max_length=4000), AfterValidator(_prose)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_line)]
Secret = Annotated[str, Field(max_length=200)]
When = Annotated[float, BeforeValidator(_as_unix), WithJsonSchema(_moment)]
Password = Annotated[str, Field(max_length=1000)]


class Link(Model):
    link: Secret


class Setup(Model):
    link: Secret
    name: Name = ""
    display_name: Name = ""
    password: Password


class NewLink(Model):
    role: Literal["owner", "moderator", "member"] = "member"


class SignIn(Model):
    name: Name
    password: Password


class NewPassword(Model):
    current: Password = ""
    new: Password


class Renamed(Model):
    display_name: Name


class NewToken(Model):
    label: Name = ""
    scopes: list[Literal["read", "speak", "host"]]
    expires_in_days: int = 90


class NewPasskey(Model):
    credential: dict[str, Any]
    label: Name = ""


class PasskeySignIn(Model):
    credential: dict[str, Any]


class NewSpace(Model):
    title: Title
    description: Prose | None = None
    starts_at: When | None = None
    speakers: Annotated[list[Name], Field(max_length=50)] = []
    record: bool = True


class SpaceChange(Model):
    title: Title | None = None
    description: Prose | None = None
    starts_at: When | None = None
    record: bool | None = None
    delay: float | None = None
    mute_echo: bool | None = None


class Switch(Model):
    on: bool = True


class ReplayChange(Model):
    trim_start: bool


class Agreement(Model):
    agree_recording: bool = False


class NewInvitation(Model):
    name: Name | None = None
    role: Literal["speaker", "cohost", "producer"] = "speaker"


class Acceptance(Model):
    name: Name = ""
    agree_recording: bool = False


class NewHand(Model):
    name: Name = ""


class HandSecret(Model):
    secret: Secret = ""


class HandAcceptance(Model):
    secret: Secret = ""
    agree_recording: bool = False


class NewRole(Model):
    role: Literal["host", "cohost", "speaker", "producer"]


class Exchange(Model):
    space: Name
    token: Secret
