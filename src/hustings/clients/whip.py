"""The client's half of WHIP (RFC 9725): one POST gives a session, one DELETE ends it. Knows no audio."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from hustings.clients.errors import BadAnswer, away, refusal

SDP = "application/sdp"
LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w-]+="[^"]*")*)')
PARAMETER = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server that the stage names, with what opens it."""

    url: str
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class WhipSession:
    """`resource` is None where the server named none; then nothing can be deleted. `servers` are for a next offer."""

    answer: str
    resource: str | None
    servers: list[IceServer]


async def ice_servers(http: httpx.AsyncClient, url: str, token: str) -> list[IceServer]:
    """What the endpoint names before an offer (section 4.6). None where it names none, or refuses: the POST that
    follows says why."""
    try:
        response = await http.options(url, headers=bearer(token))
    except httpx.HTTPError as error:
        raise away(error, url) from error
    return read_links(response.headers.get("link", "")) if response.is_success else []


def read_links(header: str) -> list[IceServer]:
    """The ice-server links of a Link header (RFC 8288)."""
    links = [(url, dict(PARAMETER.findall(parameters))) for url, parameters in LINK.findall(header)]
    return [
        IceServer(url, told.get("username", ""), told.get("credential", ""))
        for url, told in links
        if told.get("rel") == "ice-server"
    ]


async def open_session(http: httpx.AsyncClient, url: str, token: str, offer: str) -> WhipSession:
    """POST the offer (section 4.2). Raises the error that the server's status stands for, or ServerAway."""
    try:
        response = await http.post(url, content=offer, headers={"Content-Type": SDP, **bearer(token)})
    except httpx.HTTPError as error:
        raise away(error, url) from error
    if response.status_code != 201:
        raise refusal(response)
    if not response.headers.get("content-type", "").startswith(SDP):
        raise BadAnswer(f"{url} answered without an SDP answer; it is no WHIP endpoint.")
    location = response.headers.get("location")
    resource = urljoin(str(response.url), location) if location else None
    return WhipSession(response.text, resource, read_links(response.headers.get("link", "")))


async def close_session(http: httpx.AsyncClient, session: WhipSession, token: str) -> None:
    """DELETE the session (section 4.2). A server that is gone, or has forgotten it, is as good."""
    if session.resource is None:
        return
    try:
        await http.delete(session.resource, headers=bearer(token), timeout=3.0)
    except httpx.HTTPError:
        return


def bearer(token: str) -> dict[str, str]:
    """No connection is kept for the next request: after a move to another network it would swallow it."""
    return {"Authorization": f"Bearer {token}", "Connection": "close"}
