"""Who asks: the account, the program or the seat behind a request. A value; deciding is for others."""

from enum import Enum

import msgspec

from hustings.documents.seat_token import SeatClaim
from hustings.square.errors import NotSignedIn, ScopeMissing
from hustings.store.values import Account


class Scope(Enum):
    """What a bearer token may do for its account. A person's own session may do all."""

    READ = "read"
    SPEAK = "speak"
    HOST = "host"


ALL_SCOPES = frozenset(Scope)


class Principal(msgspec.Struct, frozen=True):
    account: Account | None = None
    session_id: str | None = None  # set for a person in a browser
    scopes: frozenset[Scope] = frozenset()
    claim: SeatClaim | None = None  # set for the bearer of a seat token

    def needs(self, scope: Scope) -> Account:
        """The account behind the request, if it may do this; raises NotSignedIn or ScopeMissing."""
        if self.account is None:
            raise NotSignedIn("Sign in first.")
        if scope not in self.scopes:
            raise ScopeMissing(f"This token may not do that: it lacks the scope “{scope.value}”.")
        return self.account

    def needs_person(self) -> Account:
        """The account of somebody at a browser: passwords, keys and tokens are not for programs."""
        if self.account is None:
            raise NotSignedIn("Sign in first.")
        if self.session_id is None:
            raise ScopeMissing("A token cannot do this. Sign in with a browser.")
        return self.account


NOBODY = Principal()
