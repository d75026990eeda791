"""Which playlist requests are answered, held and refused, as a table of the specification's clauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.hls.blocking import Directives, Edge, Refuse, Serve, Wait, decide, read_directives

LIVE = Edge(last_segment=9, next_part=42, ended=False)  # parts 40 and 41 of segment 10 are there


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", Directives()),
        ("_HLS_msn=10&_HLS_part=2", Directives(10, 2)),
        ("_HLS_msn=10&_HLS_part=2&_HLS_skip=YES", Directives(10, 2, skip=True)),
        ("_HLS_skip=v2", Directives(skip=True)),
        ("_HLS_skip=NO", Directives()),
        ("utm_source=x&_HLS_msn=0", Directives(0)),
    ],
)
def test_directives_are_read(query: str, read: Directives) -> None:
    assert read_directives(query) == read


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=2",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=1.5",
        "_HLS_msn=x",
        "_HLS_msn=\u0661",
        "_HLS_msn=" + "9" * 13,
    ],
)
def test_what_cannot_be_read_is_malformed(query: str) -> None:
    refused = read_directives(query)
    assert isinstance(refused, Refuse)
    assert refused.code == "malformed"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Directives(), Serve()),
        (Directives(3), Serve()),
        (Directives(9), Serve()),
        (Directives(10), Wait(43)),
        (Directives(11), Wait(47)),
        (Directives(10, 1), Serve()),
        (Directives(10, 2), Wait(42)),
        (Directives(10, 3), Wait(43)),
        (Directives(10, 4), Wait(44)),  # above a segment's last: the next one's first
        (Directives(10, 5), Wait(44)),
        (Directives(10, 900), Wait(44)),
        (Directives(9, 4), Serve()),
        (Directives(11, 0), Wait(44)),
    ],
)
def test_a_request_is_answered_when_its_part_is_there(asked: Directives, answer: Serve | Wait) -> None:
    assert decide(asked, LIVE) == answer


@pytest.mark.parametrize("asked", [Directives(12), Directives(11, 1), Directives(12, 0), Directives(10**11, 3)])
def test_the_far_future_is_refused(asked: Directives) -> None:
    refused = decide(asked, LIVE)
    assert isinstance(refused, Refuse)
    assert refused.code == "too_far"


def test_everything_is_answered_once_the_programme_has_ended() -> None:
    for asked in (Directives(), Directives(10, 3), Directives(10**11)):
        assert decide(asked, Edge(10, 42, ended=True)) == Serve()


def test_a_first_request_waits_for_the_first_whole_segment() -> None:
    assert decide(Directives(), Edge(None, None, ended=False)) == Wait(0)
    assert decide(Directives(), Edge(None, 402, ended=False)) == Wait(403)
    assert isinstance(decide(Directives(0), Edge(None, None, ended=False)), Refuse)
    assert decide(Directives(100, 2), Edge(None, 402, ended=False)) == Wait(402)


@given(msn=st.integers(0, 200), part=st.none() | st.integers(0, 9), next_part=st.integers(4, 400))
def test_a_held_request_waits_for_something_that_is_near(msn: int, part: int | None, next_part: int) -> None:
    answer = decide(Directives(msn, part), Edge(next_part // 4 - 1, next_part, ended=False))
    if isinstance(answer, Wait):
        assert next_part <= answer.number <= next_part + 11
