"""What requests may say. Strict: no unknown field, no text for a number."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _as_unix(value: str | float) -> float:
    """ISO 8601 with a zone, or Unix seconds."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("a time is written like 2026-08-12T20:00:00+02:00") from error
        if when.tzinfo is None:
            raise ValueError("say the time zone, as in 2026-08-12T20:00:00+02:00")
        return when.timestamp()
    return float(value)


Text = Annotated[str, Field(max_length=4000)]
Name = Annotated[str, Field(max_length=200)]
Secret = Annotated[str, Field(max_length=200)]
When = Annotated[str | float | int, AfterValidator(_as_unix)]
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
    title: Text
    description: Text | None = None
    starts_at: When | None = None
    speakers: Annotated[list[Name], Field(max_length=50)] = []
    record: bool = True


class SpaceChange(Model):
    title: Text | None = None
    description: Text | None = None
    starts_at: When | None = None
    record: bool | None = None


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
