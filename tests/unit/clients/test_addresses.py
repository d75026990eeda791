import httpx
import pytest

from hustings.base.errors import Conflict, Forbidden, NotFound, TooMany, Unauthorized, Unavailable
from hustings.clients.addresses import space_address
from hustings.clients.errors import BadAddress, refusal


@pytest.mark.parametrize(
    "url",
    [
        "http://town.example:8000/spaces/abc",
        "http://town.example:8000/spaces/abc/",
        "town.example:8000/spaces/abc",
        "http://town.example:8000/spaces/abc/stage?x=1#y",
        "http://town.example:8000/spaces/abc/live.m3u8",
        "http://town.example:8000/api/v1/spaces/abc/whip",
    ],
)
def test_any_address_below_a_space_leads_to_it(url: str) -> None:
    address = space_address(url)

    assert address.whip == "http://town.example:8000/api/v1/spaces/abc/whip"
    assert address.live == "http://town.example:8000/spaces/abc/live.m3u8"


@pytest.mark.parametrize(
    "url", ["", "town.example", "http://town.example/", "http://town.example/spaces/", "ftp://a/spaces/b"]
)
def test_an_address_of_something_else_is_refused_with_what_to_do(url: str) -> None:
    with pytest.raises(BadAddress, match="Copy it from its page"):
        space_address(url)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (410, NotFound),
        (409, Conflict),
        (429, TooMany),
        (503, Unavailable),
    ],
)
def test_a_refusal_is_the_error_its_status_stands_for_with_the_servers_sentence(
    status: int, kind: type[Exception]
) -> None:
    error = refusal(httpx.Response(status, json={"error": "All 13 seats are taken."}))

    assert type(error).__mro__.index(kind) >= 0
    assert str(error) == "All 13 seats are taken."


def test_when_to_come_back_is_read() -> None:
    error = refusal(httpx.Response(503, json={"error": "Busy."}, headers={"Retry-After": "7"}))

    assert isinstance(error, Unavailable)
    assert error.retry_after == 7


def test_an_answer_without_a_sentence_names_status_and_address() -> None:
    error = refusal(httpx.Response(502, text="<html>", request=httpx.Request("GET", "http://town.example/x")))

    assert str(error) == "The server answered 502 Bad Gateway at http://town.example/x."
