"""Which headers pass the front door, in either direction (RFC 9110 7.6.1), and what is said of the client."""

from collections.abc import Sequence

from hustings.edge import answers
from hustings.edge.answers import Scope

_HOP_BY_HOP = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    )
)  # fmt: skip
_OURS = frozenset((b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"))
RawHeaders = list[tuple[bytes, bytes]]


def passed_on(scope: Scope) -> RawHeaders:
    """The client's headers for the other role: without hop-by-hop ones and claims about who the client is."""
    dropped = _HOP_BY_HOP | _OURS | {b"host", b"expect"} | _named_by_connection(scope["headers"])
    return [(bytes(name), bytes(value)) for name, value in scope["headers"] if name not in dropped]


def passed_back(headers: Sequence[tuple[bytes, bytes]]) -> RawHeaders:
    """The other role's headers for the client."""
    lowered = [(name.lower(), value) for name, value in headers]
    dropped = _HOP_BY_HOP | {b"server", b"date"} | _named_by_connection(lowered)
    kept = [(name, value) for name, value in lowered if name not in dropped]
    if not any(name == b"x-content-type-options" for name, _ in kept):
        kept.append(answers.NOSNIFF)
    return kept


def client_address(scope: Scope, trusted: frozenset[str]) -> str:
    """Whose request this is: the peer, or whom a trusted proxy names last."""
    peer = scope["client"][0] if scope.get("client") else ""
    if peer in trusted:
        for claimed in reversed(answers.header(scope, b"x-forwarded-for").split(",")):
            if (address := claimed.strip()) and address not in trusted:
                return address
    return str(peer)


def forwarded(scope: Scope, trusted: frozenset[str]) -> RawHeaders:
    """X-Forwarded-For, -Proto and -Host as we see them, or as a trusted proxy does."""
    peer = scope["client"][0] if scope.get("client") else ""
    proto = (answers.header(scope, b"x-forwarded-proto") if peer in trusted else "") or scope["scheme"]
    host = (answers.header(scope, b"x-forwarded-host") if peer in trusted else "") or answers.header(scope, b"host")
    values = (("for", client_address(scope, trusted)), ("proto", proto), ("host", host))
    return [(f"x-forwarded-{name}".encode(), value.encode("latin-1")) for name, value in values]


def _named_by_connection(headers: Sequence[tuple[bytes, bytes]]) -> set[bytes]:
    named = (value for name, value in headers if name == b"connection")
    return {token.strip().lower() for value in named for token in bytes(value).split(b",")}
