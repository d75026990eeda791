"""The doctor's checks of the way speakers' sound takes: UDP ports, and the address the stage announces."""

import ipaddress
import socket
from collections.abc import Iterator

from hustings.base.clock import Clock
from hustings.base.settings import Settings
from hustings.ops.finding import Finding, Health
from hustings.ops.ports import can_bind, open_port, port_range
from hustings.stage.transport import own_addresses

SPEAKERS = 26  # UDP ports: two for each of 13 seats
PORTS, ADDRESS = "speakers' UDP ports", "address for speakers"


def check_media(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    ports = port_range(settings.media_ports)
    if ports is None:
        cure = "write it as HUSTINGS_MEDIA_PORTS=50000-50100"
        yield Finding(PORTS, Health.FAULT, f"{settings.media_ports!r} is no range of ports", cure)
        return
    free = sum(_is_free(port) for port in ports) if ports else SPEAKERS * _is_free(0)
    if free == 0:
        cure = "choose others with HUSTINGS_MEDIA_PORTS, or stop what holds them"
        yield Finding(PORTS, Health.FAULT, "none can be opened", cure)
    elif free < SPEAKERS:
        cure = f"widen HUSTINGS_MEDIA_PORTS to at least {SPEAKERS} ports"
        yield Finding(PORTS, Health.WARNING, f"only {free} can be opened", cure)
    else:
        yield Finding(PORTS, Health.WELL, settings.media_ports or "any free port")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return can_bind(probe, port)


def check_address(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    own = own_addresses()
    if not own:
        cure = "connect it to a network; browsers on the machine itself want one too"
        yield Finding(ADDRESS, Health.FAULT, "this machine has no address but loopback", cure)
    elif settings.media_address:
        yield _announced(settings, own)
    elif settings.public_url and not any(ipaddress.ip_address(one).is_global for one in own):
        cure = "set HUSTINGS_MEDIA_ADDRESS to the address the world sees"
        told = f"only private ones: {', '.join(own)}; speakers elsewhere do not reach them"
        yield Finding(ADDRESS, Health.WARNING, told, cure)
    else:
        yield Finding(ADDRESS, Health.WELL, ", ".join(own))


def _announced(settings: Settings, own: list[str]) -> Finding:
    address = settings.media_address
    try:
        v6 = ipaddress.ip_address(address).version == 6
    except ValueError:
        cure = "write an address, such as HUSTINGS_MEDIA_ADDRESS=203.0.113.7"
        return Finding(ADDRESS, Health.FAULT, f"{address!r} is none", cure)
    if address in own:
        return Finding(ADDRESS, Health.WELL, f"{address} is this machine's")
    with open_port(settings.media_ports, v6=v6) as port:
        if port is not None and port.comes_back(address):
            return Finding(ADDRESS, Health.WELL, f"{address} leads to this machine")
    cure = "correct HUSTINGS_MEDIA_ADDRESS, or have the router pass the UDP ports on to this machine"
    told = f"{address} is not this machine's, and what is sent to it does not come back"
    return Finding(ADDRESS, Health.WARNING, told, cure)
