"""The client's half of WHIP (RFC 9725): one POST gives a session, one DELETE ends it. Knows no audio."""

from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from hustings.clients.errors import BadAnswer, away, refusal

SDP = "application/sdp"


@dataclass(frozen=True, slots=True)
class WhipSession:
    """`resource` is None where the server named none; then nothing can be deleted."""

    answer: str
    resource: str | None


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
    return WhipSession(response.text, urljoin(str(response.url), location) if location else None)


async def close_session(http: httpx.AsyncClient, session: WhipSession, token: str) -> None:
    """DELETE the session (section 4.2). A server that is gone, or has forgotten it, is as good."""
    if session.resource is None:
        return
    try:
        await http.delete(session.resource, headers=bearer(token), timeout=3.0)
    except httpx.HTTPError:
        return


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
