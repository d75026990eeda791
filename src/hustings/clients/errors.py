"""What can go wrong for a client, each with a sentence a person can act on."""

import httpx
import msgspec

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


class BadAddress(Invalid):
    """The address names no Space."""

    code = "bad_address"


class NoSuchFile(NotFound):
    code = "no_such_file"


class NotAudio(Invalid):
    """The file is there, and cannot be read as audio."""

    code = "not_audio"


class CannotWrite(Invalid):
    """What was heard cannot be written where it was asked for."""

    code = "cannot_write"


class ServerAway(Unavailable):
    """The server did not answer, or answered that it cannot at the moment."""

    code = "server_away"


class BadAnswer(Unavailable):
    """The server answered something that is not what was asked for."""

    code = "bad_answer"


class _Refusal(msgspec.Struct):
    error: str = ""


_REFUSALS: dict[int, type[HustingsError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    413: TooLarge,
}


def refusal(response: httpx.Response) -> HustingsError:
    """The error for an answer that is no success; its text is the server's own sentence where it sent one."""
    sentence = _sentence(response)
    after = _retry_after(response)
    if response.status_code == 429:
        return TooMany(sentence, retry_after=after or 5.0)
    if response.status_code >= 500:
        return ServerAway(sentence, retry_after=after or 2.0)
    return _REFUSALS.get(response.status_code, BadAnswer)(sentence)


def _sentence(response: httpx.Response) -> str:
    try:
        said = msgspec.json.decode(response.content, type=_Refusal).error
    except msgspec.DecodeError:
        said = ""
    return said or f"The server answered {response.status_code} {response.reason_phrase} at {response.url}."


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def away(error: httpx.HTTPError, url: str) -> ServerAway:
    return ServerAway(
        f"{url} does not answer ({type(error).__name__}). Is the server running, and is the address right?"
    )
