"""What the routes call, in one place, and the address at which a request reached us."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from hustings.base.clock import Clock
from hustings.documents.seat_token import SeatTokens
from hustings.spaces.floor import Floor
from hustings.spaces.hands import Hands
from hustings.spaces.invitations import Invitations
from hustings.spaces.sample import Sample
from hustings.spaces.seats import Seats
from hustings.spaces.spaces import Spaces
from hustings.spaces.stage_link import Stage
from hustings.square.accounts import Accounts
from hustings.square.limits import Limiter, origin
from hustings.square.passkeys import Passkeys, Site
from hustings.square.passwords import Passwords
from hustings.square.sessions import Sessions
from hustings.store.store import Store


class Services:
    """One installation's."""

    def __init__(
        self,
        *,
        store: Store,
        stage: Stage,
        clock: Clock,
        cluster_key: str,
        address: str,
        public_url: str,
        uploads: Path,
    ) -> None:
        self.store, self.clock, self.cluster_key, self.uploads = store, clock, cluster_key, uploads
        self._address, self._public_url = address.rstrip("/"), public_url.rstrip("/")
        self.passwords = Passwords()
        self.limiter = Limiter(clock)
        self.accounts = Accounts(store, clock, self.passwords, cluster_key)
        self.sessions = Sessions(store, clock)
        self.passkeys = Passkeys(store, clock)
        self.floor = Floor(store, clock, SeatTokens(cluster_key), stage)
        self.spaces = Spaces(self.floor)
        self.seats = Seats(self.floor)
        self.invitations = Invitations(self.floor)
        self.hands = Hands(self.floor)
        self.sample = Sample(self.floor)

    def setup_url(self, secret: str, base: str = "") -> str:
        return f"{base or self._address}/setup#{secret}"

    def base(self, request: Request) -> str:
        """The address people use: the configured one, else the one that the front door says it was reached at."""
        return self._public_url or self.reached_at(request) or self._address

    def reached_at(self, request: Request) -> str:
        """Only the edge sets X-Forwarded-Host, and strips what came in under that name."""
        host = request.headers.get("x-forwarded-host", "")
        return f"{request.headers.get('x-forwarded-proto', 'http')}://{host}" if host else ""

    def site(self, request: Request) -> Site:
        origin = self.base(request)
        return Site(urlsplit(origin).hostname or "localhost", origin)


def services(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)
    return found


Town = Annotated[Services, Depends(services)]


def client_origin(request: Request) -> str:
    """What limits count: the visitor's address as the edge saw it, or its network."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return origin(forwarded or (request.client.host if request.client else "unknown"))
