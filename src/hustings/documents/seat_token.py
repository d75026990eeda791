"""The token that opens one seat: the stage checks it alone, so a dead database locks no speaker out.

The attack it stops: a guest's link forwarded to somebody else. A token names one seat of one Space and one
generation; removing the seat raises the generation, and every older copy is refused.
"""

import msgspec

from hustings.base.errors import Unauthorized
from hustings.base.sealing import Sealer, derive_key

PREFIX = "seat."
MAX_AGE = 7 * 24 * 3600  # seconds: an invitation for next week still works


class SeatClaim(msgspec.Struct, frozen=True):
    space: str
    seat: str
    generation: int


class SeatTokens:
    """Issues and opens seat tokens with the cluster's key."""

    def __init__(self, cluster_key: str) -> None:
        self._sealer = Sealer(derive_key(cluster_key, "seat-token"), "seat-token")

    def issue(self, claim: SeatClaim) -> str:
        return PREFIX + self._sealer.seal(claim)

    def open(self, token: str) -> SeatClaim:
        """Raises Unauthorized (SealBroken, SealExpired) when the token is not one of ours or too old."""
        if not token.startswith(PREFIX):
            raise Unauthorized("This is not a seat token. Open your invitation link again.")
        return self._sealer.open(token.removeprefix(PREFIX), SeatClaim, max_age=MAX_AGE)
