"""The doctor and the ways in: addresses of the machine, the public address with its certificate, clocks elsewhere."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from tests.support.asgi import free_port, serving
from tests.support.certificates import Certificate, certificate
from tests.support.needs import need_programs
from tests.support.networks import HALL, Namespace, hall_and_guest

from hustings.base.clock import ManualClock, SystemClock
from hustings.base.settings import Settings
from hustings.ops.finding import Finding, Health
from hustings.ops.media import check_address
from hustings.ops.network import check_links
from hustings.ops.public import check_public

CLOCK = SystemClock()
NOBODY = "203.0.113.7"  # RFC 5737: no machine has it


@pytest.fixture
def networks() -> Iterator[tuple[Namespace, Namespace]]:
    with hall_and_guest() as both:
        yield both


@pytest.fixture
def hall(networks: tuple[Namespace, Namespace]) -> Namespace:
    """We are on a machine of its own."""
    return networks[0]


def address(announced: str = "", public_url: str = "") -> Finding:
    settings = Settings(media_address=announced, media_ports="50000-50100", public_url=public_url)
    (found,) = check_address(settings, CLOCK)
    assert found.cure or found.health is Health.WELL
    return found


def test_a_machine_with_loopback_alone_is_a_fault(hall: Namespace) -> None:
    assert address().health is Health.WELL
    hall.ip(f"addr del {HALL}/32 dev lo")
    assert address().health is Health.FAULT


def test_an_announced_address_that_is_the_machines_is_well_and_another_is_not(hall: Namespace) -> None:
    assert address(HALL).health is Health.WELL
    assert address(NOBODY).health is Health.WARNING
    assert address("town.example").health is Health.FAULT


def test_an_announced_address_that_a_router_leads_back_is_well(networks: tuple[Namespace, Namespace]) -> None:
    need_programs("iptables")
    hall, world = networks
    hall.connect(world, 1)
    hall.ip("route add default via 198.18.1.2")
    assert address(NOBODY).health is Health.WARNING
    hall.run(f"iptables -t nat -A OUTPUT -d {NOBODY} -p udp -j DNAT --to-destination {HALL}")
    assert address(NOBODY).health is Health.WELL


def test_private_addresses_of_a_public_town_are_a_warning(hall: Namespace) -> None:
    assert address(public_url="https://town.example").health is Health.WARNING
    hall.ip("addr add 192.88.99.7/32 dev lo")
    assert address(public_url="https://town.example").health is Health.WELL


async def public(url: str) -> list[Finding]:
    found = await asyncio.to_thread(lambda: list(check_public(Settings(public_url=url), CLOCK)))
    assert all(finding.cure for finding in found if finding.health is not Health.WELL)
    return found


async def test_a_public_address_that_leads_nowhere_or_is_silent_or_another_is_a_fault() -> None:
    (nowhere,) = await public("http://town.invalid")
    (silent,) = await public(f"http://127.0.0.1:{free_port()}")
    async with serving(PlainTextResponse("no", 404)) as base:
        (another,) = await public(base)
    async with serving(PlainTextResponse("ok")) as base:
        (well,) = await public(base)
    (none,) = await public("town.example")

    assert [one.health for one in (nowhere, silent, another, none)] == [Health.FAULT] * 4
    assert "no address" in nowhere.told
    assert "nothing answers" in silent.told
    assert "404" in another.told
    assert well.health is Health.WELL


@asynccontextmanager
async def web_server(shown: Certificate) -> AsyncIterator[str]:
    """Answers everything with 200, by TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, EOFError):
            pass
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.file, shown.key)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("name", "valid", "told"),
    [
        ("localhost", (-1, 90), (Health.WELL, "89 days")),
        ("localhost", (-1, 5), (Health.WARNING, "runs out in 4 days")),
        ("localhost", (-9, -1), (Health.FAULT, "has run out")),
        ("localhost", (2, 90), (Health.FAULT, "not valid yet")),
        ("elsewhere.example", (-1, 90), (Health.FAULT, "another name")),
    ],
)
async def test_a_certificate_is_looked_at(
    name: str, valid: tuple[int, int], told: tuple[Health, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = certificate(tmp_path, name, since=valid[0], days=valid[1])
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.file))
    async with web_server(shown) as url:
        of_certificate, answers = await public(url)

    assert of_certificate.health is told[0]
    assert told[1] in of_certificate.told
    assert answers.health is Health.WELL


async def test_a_certificate_that_nobody_vouches_for_is_a_fault(tmp_path: Path) -> None:
    async with web_server(certificate(tmp_path, "localhost")) as url:
        of_certificate, _ = await public(url)

    assert of_certificate.health is Health.FAULT
    assert "not trusted" in of_certificate.told


async def test_a_role_whose_clock_is_away_from_ours_is_a_fault() -> None:
    async with serving(PlainTextResponse("{}")) as base:
        settings = Settings(stage_url=base, cluster_key="k")
        same = await asyncio.to_thread(lambda: list(check_links(settings, CLOCK)))
        away = await asyncio.to_thread(lambda: list(check_links(settings, ManualClock(now=time.time() - 60))))

    assert [one.health for one in same] == [Health.WELL]
    assert [one.health for one in away] == [Health.WELL, Health.FAULT]
    assert "NTP" in away[1].cure
