"""The doctor and Debian's coturn: every fault of a relay that the server can see, and the same without it."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from tests.support.asgi import free_port
from tests.support.certificates import certificate
from tests.support.needs import need_programs
from tests.support.networks import Namespace, hall_and_guest
from tests.support.relay import LOOPBACK, SECRET, Relay, coturn, own_address

from hustings.base.clock import ManualClock, SystemClock
from hustings.base.settings import Settings
from hustings.ops.finding import Finding, Health
from hustings.ops.relays import check_relays

CLOCK = SystemClock()
DAY = 86_400


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    need_programs("turnserver")
    with coturn(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture(autouse=True)
def _trusted(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate.file))


def looked(*urls: str, secret: str = SECRET, late: float = 0.0, address: str = "", ports: str = "") -> list[Finding]:
    settings = Settings(
        ice_servers=",".join(urls), turn_secret=secret, media_address=address or own_address(), media_ports=ports
    )
    found = list(check_relays(settings, ManualClock(now=time.time() - late)))
    assert all(finding.cure for finding in found if finding.health is not Health.WELL)
    return found


def test_a_relay_that_gives_a_path_by_every_way_and_reaches_the_stage_is_well(relay: Relay) -> None:
    found = looked(relay.udp, relay.tcp, relay.tls)

    assert [finding.health for finding in found] == [Health.WELL] * 4
    assert [finding.told for finding in found[:3]] == [f"gives a path over {way}" for way in ("UDP", "TCP", "TLS")]


@pytest.mark.parametrize("way", ["turn:{}:{}?transport=udp", "turn:{}:{}?transport=tcp", "turns:{}:{}"])
def test_a_relay_that_is_not_there_is_a_fault(way: str) -> None:
    found = looked(way.format(LOOPBACK, free_port()))

    assert [finding.health for finding in found] == [Health.FAULT]
    assert "does not answer" in found[0].told


def test_another_secret_and_another_clock_are_told_apart(relay: Relay) -> None:
    assert "HUSTINGS_TURN_SECRET" in looked(relay.udp, secret="another")[0].cure
    assert "clock" in looked(relay.udp, late=2 * DAY)[0].told
    assert looked(relay.udp, late=DAY / 2)[0].health is Health.WELL


def test_a_relay_whose_certificate_is_not_trusted_is_a_fault(
    relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path, "elsewhere.example").file))

    assert "not trusted" in looked(relay.tls)[0].told
    assert looked(relay.tcp)[0].health is Health.WELL


def test_a_relay_that_may_not_reach_the_stage_is_a_fault(relay: Relay) -> None:
    assert "allowed-peer-ip" in looked(relay.udp, address=LOOPBACK)[-1].cure


@contextmanager
def only_once(relay: Relay) -> Iterator[str]:
    """The relay's URL over TCP by a door that closes behind the first who comes."""
    with socket.create_server((LOOPBACK, 0)) as door:

        def let_one_in() -> None:
            guest, _ = door.accept()
            door.close()
            with guest, socket.create_connection((relay.host, relay.port)) as inside:
                pass_on(guest, inside)

        passing = Thread(target=let_one_in, daemon=True)
        passing.start()
        yield f"turn:{LOOPBACK}:{door.getsockname()[1]}?transport=tcp"
        passing.join(10)


def pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65_536)
            if not data:
                return
            (other if ready is one else one).sendall(data)


def test_a_relay_that_gives_no_second_path_is_a_fault_and_no_traceback(relay: Relay) -> None:
    with only_once(relay) as url:
        found = looked(url)

    assert [finding.health for finding in found] == [Health.WELL, Health.FAULT]
    assert "no second one" in found[1].told


def test_settings_that_cannot_be_used_are_a_fault() -> None:
    assert "HUSTINGS_TURN_SECRET" in looked("turn:t.example", secret="")[0].told
    assert not looked("stun:s.example")


@pytest.fixture
def networks() -> Iterator[tuple[Namespace, Namespace]]:
    with hall_and_guest() as both:
        yield both


def test_ports_that_a_firewall_closes_are_a_fault_and_open_ones_are_well(
    networks: tuple[Namespace, Namespace], tmp_path: Path
) -> None:
    """The relay is on another machine: a namespace."""
    need_programs("turnserver", "iptables")
    hall, outside = networks
    hall.connect(outside, 1)
    elsewhere = ("ip", "netns", "exec", outside.name)
    with coturn(tmp_path, host="198.18.1.2", stage="198.18.1.1", before=elsewhere) as relay:
        well = looked(relay.udp, address="198.18.1.1", ports="50000-50100")
        hall.run("iptables -A INPUT -i hu1near -p udp --dport 50000:50100 -j DROP")
        closed = looked(relay.udp, address="198.18.1.1", ports="50000-50100")
        others = looked(relay.udp, address="198.18.1.1", ports="51000-51100")

    assert [found[-1].health for found in (well, closed, others)] == [Health.WELL, Health.FAULT, Health.WELL]
    assert "firewall" in closed[-1].cure
