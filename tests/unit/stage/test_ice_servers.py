"""What speakers are told of relays, and what opens one."""

import pytest

from hustings.base.settings import Settings
from hustings.clients.whip import IceServer, read_links
from hustings.stage.ice_servers import LASTS, BadIceServer, IceServers, credential, read_ice_server


def test_a_credential_is_the_one_of_the_turn_rest_scheme() -> None:
    """As `openssl dgst -sha1 -hmac north -binary | base64` makes it of the name."""
    made = credential("north", "ann", 1_700_000_000.9)

    assert made.username == "1700000000:ann"
    assert made.password == "jeamH6dA5l2I9g3jmieza7CzEDo="


def test_what_the_stage_links_is_what_a_client_reads() -> None:
    settings = Settings(ice_servers="stun:s.example, turns:t.example:5349?transport=tcp", turn_secret="north")
    header = IceServers.from_settings(settings).links("ann", 1_000.0)
    granted = credential("north", "ann", 1_000 + LASTS)

    assert read_links(header) == [
        IceServer("stun:s.example"),
        IceServer("turns:t.example:5349?transport=tcp", granted.username, granted.password),
    ]


def test_two_seats_have_different_credentials_and_no_servers_no_header() -> None:
    servers = IceServers(["turn:t.example"], "north")

    assert servers.links("ann", 0) != servers.links("bob", 0)
    assert IceServers().links("ann", 0) == ""


def test_other_links_are_passed_over() -> None:
    assert read_links('</terms>; rel="terms", <turn:t.example>') == []


@pytest.mark.parametrize(
    ("url", "port", "transport", "tls"),
    [
        ("turn:t.example", 3478, "udp", False),
        ("turn:t.example:80?transport=tcp", 80, "tcp", False),
        ("turns:t.example", 5349, "tcp", True),
    ],
)
def test_a_url_says_the_way_to_a_relay(url: str, port: int, transport: str, tls: bool) -> None:
    server = read_ice_server(url)

    assert (server.host, server.port, server.transport, server.tls) == ("t.example", port, transport, tls)
    assert server.relays


@pytest.mark.parametrize("url", ["https://t.example", "turn://t.example", "turn:", "stun:s.example?transport=tcp"])
def test_what_is_no_url_of_a_server_is_refused_with_the_settings_name(url: str) -> None:
    with pytest.raises(BadIceServer, match="HUSTINGS_ICE_SERVERS"):
        IceServers([url], "north")


def test_a_relay_without_a_secret_is_refused_and_a_stun_server_needs_none() -> None:
    with pytest.raises(BadIceServer, match="HUSTINGS_TURN_SECRET"):
        IceServers(["turn:t.example"])
    assert IceServers(["stun:s.example"]).servers
