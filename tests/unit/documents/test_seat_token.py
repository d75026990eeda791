import pytest

from hustings.base.errors import Unauthorized
from hustings.documents.seat_token import SeatClaim, SeatTokens

CLAIM = SeatClaim(space="abc", seat="s1", generation=3)


def test_a_token_names_one_seat_of_one_space_in_one_generation() -> None:
    tokens = SeatTokens("cluster")

    assert tokens.open(tokens.issue(CLAIM)) == CLAIM


@pytest.mark.parametrize("token", ["", "hst_abc", "seat.", "seat.abc.def.ghi"])
def test_what_is_no_seat_token_opens_nothing(token: str) -> None:
    with pytest.raises(Unauthorized):
        SeatTokens("cluster").open(token)


def test_another_clusters_token_opens_nothing() -> None:
    with pytest.raises(Unauthorized):
        SeatTokens("another").open(SeatTokens("cluster").issue(CLAIM))
