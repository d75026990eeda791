"""The doctor's checks of the address people use: its name, its certificate, and who answers there."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from hustings.base.clock import Clock
from hustings.base.settings import Settings
from hustings.ops.certificates import check_certificate
from hustings.ops.finding import Finding, Health

SUBJECT = "public address"


def check_public(settings: Settings, clock: Clock) -> Iterator[Finding]:
    if not settings.public_url:
        return
    told = urlsplit(settings.public_url)
    if told.scheme not in {"http", "https"} or not told.hostname:
        cure = "write it as HUSTINGS_PUBLIC_URL=https://town.example"
        yield Finding(SUBJECT, Health.FAULT, f"{settings.public_url!r} is none", cure)
    elif not _resolves(told.hostname):
        cure = "make a DNS record for it, or correct HUSTINGS_PUBLIC_URL"
        yield Finding(SUBJECT, Health.FAULT, f"the name {told.hostname} leads to no address", cure)
    else:
        if told.scheme == "https":
            yield from check_certificate(SUBJECT, told.hostname, told.port or 443, clock)
        yield _answer(settings.public_url.rstrip("/"))


def _resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def _answer(url: str) -> Finding:
    """Whatever its certificate is: that is another finding."""
    try:
        status = httpx.get(f"{url}/healthz", timeout=3.0, trust_env=False, verify=False).status_code  # noqa: S501
    except httpx.HTTPError:
        cure = "start the web server in front, open its port in the firewall, or correct HUSTINGS_PUBLIC_URL"
        return Finding(SUBJECT, Health.FAULT, f"nothing answers at {url}", cure)
    if status == 200:
        return Finding(SUBJECT, Health.WELL, f"answers at {url}")
    cure = "start Hustings, and have the web server in front pass everything on to its port"
    return Finding(SUBJECT, Health.FAULT, f"{url} answers {status}, and not as Hustings does", cure)
