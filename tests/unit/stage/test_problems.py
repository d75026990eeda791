"""An error of the stage leaves as its family says."""

import json

import pytest
from starlette.requests import Request

from hustings.base.errors import Forbidden, HustingsError, TooMany, Unauthorized, Unavailable
from hustings.stage.desk import DeskFull
from hustings.stage.plans import BadPlan
from hustings.stage.problems import bearer_of, problem
from hustings.stage.room import NotSeated, SpaceOver, TokenReplaced
from hustings.stage.rooms import UnknownSpace

OURS = {BadPlan: 400, TokenReplaced: 401, NotSeated: 403, UnknownSpace: 404, SpaceOver: 409, DeskFull: 429}


def asking(*headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "headers": list(headers)})


@pytest.mark.parametrize(("kind", "status"), OURS.items())
def test_an_error_has_the_status_of_its_family_and_keeps_its_sentence(kind: type[HustingsError], status: int) -> None:
    answer = problem(kind("What to do."))
    assert answer.status_code == status
    assert json.loads(bytes(answer.body)) == {"error": "What to do.", "code": kind.code}


def test_a_limit_says_when_to_come_back_and_a_refusal_does_not() -> None:
    assert problem(TooMany("Later.", retry_after=7.4)).headers["retry-after"] == "8"
    assert problem(Unavailable("Soon.", retry_after=0.1)).headers["retry-after"] == "1"
    assert "retry-after" not in problem(Forbidden("No.")).headers


@pytest.mark.parametrize("header", [b"", b"Bearer", b"Bearer ", b"Basic abc"])
def test_a_request_without_a_bearer_token_is_told_so(header: bytes) -> None:
    with pytest.raises(Unauthorized):
        bearer_of(asking((b"authorization", header)))
    assert bearer_of(asking((b"authorization", b"bearer seat.x"))) == "seat.x"
