"""The STUN and TURN servers a speaker is told of, with credentials of a day (the TURN REST scheme).

The attack: a relay open to anybody carries anybody's traffic. Credentials are made for one seat that was let in,
and end by themselves; the secret stays between the stage and the TURN server. It never talks to either.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

from hustings.base.settings import BadSetting, Settings

LASTS: Final = 24 * 3600  # s: longer than any evening, for servers that look at it again whenever the path is renewed

URL: Final = re.compile(r"(stun|turn)(s?):(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::([0-9]{1,5}))?(?:\?transport=(udp|tcp))?")


class BadIceServer(BadSetting):
    """A server's URL cannot be read, or a TURN server has no secret."""

    code = "bad_ice_server"


@dataclass(frozen=True, slots=True)
class Credential:
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class IceServer:
    """One way to one server. `transport` is udp or tcp; `tls` is on top of tcp."""

    url: str
    host: str
    port: int
    transport: str
    relays: bool
    tls: bool


def credential(secret: str, name: str, expires: float) -> Credential:
    """What coturn's `use-auth-secret` takes until `expires`, in seconds since 1970."""
    username = f"{int(expires)}:{name}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return Credential(username, base64.b64encode(digest).decode())


def read_ice_server(url: str) -> IceServer:
    """RFC 7064 and RFC 7065. Raises BadIceServer."""
    told = URL.fullmatch(url)
    if told is None or (told[1] == "stun" and told[5]):
        raise BadIceServer(
            f"HUSTINGS_ICE_SERVERS: {url!r} is not like turn:turn.example:3478?transport=udp or stun:stun.example."
        )
    kind, secure, host, port, transport = told.groups()
    return IceServer(
        url,
        host=host.strip("[]"),
        port=int(port or (5349 if secure else 3478)),
        transport=transport or ("tcp" if secure else "udp"),
        relays=kind == "turn",
        tls=bool(secure),
    )


class IceServers:
    """What `ice_servers` and `turn_secret` say."""

    def __init__(self, urls: list[str] | None = None, secret: str = "") -> None:
        self.servers = tuple(read_ice_server(url) for url in urls or [])
        self._secret = secret
        if any(server.relays for server in self.servers) and not secret:
            raise BadIceServer("HUSTINGS_ICE_SERVERS names a TURN server: give its secret as HUSTINGS_TURN_SECRET.")

    @classmethod
    def from_settings(cls, settings: Settings) -> "IceServers":
        """Raises BadIceServer."""
        return cls(settings.ice_server_urls(), settings.turn_secret)

    def links(self, seat: str, now: float) -> str:
        """The Link header's value (RFC 9725 §4.6); empty without servers."""
        granted = credential(self._secret, seat, now + LASTS)
        grant = f'; username="{granted.username}"; credential="{granted.password}"; credential-type="password"'
        return ", ".join(
            f'<{server.url}>; rel="ice-server"{grant if server.relays else ""}' for server in self.servers
        )
