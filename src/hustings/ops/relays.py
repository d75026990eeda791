"""The doctor's checks of TURN servers: each way to them is gone, with a credential as speakers get it.

A relay also looks at us from outside: what it sends to the stage's ports arrives, or they are closed. Nothing is
relayed but three datagrams to ourselves.
"""

import asyncio
from collections.abc import Iterator

from hustings.base.clock import Clock
from hustings.base.settings import Settings
from hustings.clients.relay import Answer, Way, ask, send_by
from hustings.ops.certificates import untrusted
from hustings.ops.finding import Finding, Health
from hustings.ops.ports import open_port
from hustings.stage.ice_servers import LASTS, BadIceServer, Credential, IceServer, IceServers, credential
from hustings.stage.transport import own_addresses

NAME = "doctor"
FAR_OFF = 2_100_000_000.0  # 2036, coturn reads 31 bits: what refuses a day and takes this has another clock
SAME_SECRET = (
    "give both the same secret: HUSTINGS_TURN_SECRET here, static-auth-secret beside use-auth-secret in coturn"  # noqa: S105
)


def check_relays(settings: Settings, clock: Clock) -> Iterator[Finding]:
    try:
        servers = [server for server in IceServers.from_settings(settings).servers if server.relays]
    except BadIceServer as error:
        yield Finding("relay", Health.FAULT, str(error), "correct it as the guide about relays says")
        return
    working = []
    for server in servers:
        finding = _examined(server, settings.turn_secret, clock.now())
        working += [server] if finding.health is Health.WELL else []
        yield finding
    address = settings.media_address or next(iter(own_addresses()), "")
    if working and address:
        by = credential(settings.turn_secret, NAME, clock.now() + LASTS)
        yield from _reached(working[0], by, address, settings.media_ports)


def _examined(server: IceServer, secret: str, now: float) -> Finding:
    told = asyncio.run(ask(_way(server, credential(secret, NAME, now + LASTS))))
    subject, way = f"relay {server.url}", "TLS" if server.tls else server.transport.upper()
    match told.answer:
        case Answer.GIVES:
            return Finding(subject, Health.WELL, f"gives a path over {way}")
        case Answer.REFUSES:
            if asyncio.run(ask(_way(server, credential(secret, NAME, FAR_OFF)))).answer is Answer.GIVES:
                what = "the relay's clock and this machine's differ by more than a day"
                return Finding(subject, Health.FAULT, what, "set both clocks; run an NTP client on both")
            return Finding(subject, Health.FAULT, "refuses our credentials", SAME_SECRET)
        case Answer.CANNOT:
            return Finding(subject, Health.FAULT, f"gives no path: {told.why}", "see the relay's log")
        case Answer.UNTRUSTED if told.untrusted is not None:
            return Finding(
                subject,
                Health.FAULT,
                untrusted(told.untrusted),
                "renew the relay's certificate, and restart the relay",
            )
        case _:
            cure = f"start it, and open port {server.port} for {'UDP' if server.transport == 'udp' else 'TCP'} there"
            return Finding(subject, Health.FAULT, f"does not answer over {way}", cure)


def _way(server: IceServer, by: Credential) -> Way:
    return Way(server.host, server.port, server.transport, server.tls, by.username, by.password)


def _reached(server: IceServer, by: Credential, address: str, ports: str) -> Iterator[Finding]:
    subject = "stage from outside"
    with open_port(ports, v6=":" in address) as port:
        if port is None:
            return
        refused = asyncio.run(send_by(_way(server, by), port.word, (address, port.number)))
        if refused is None:
            cure = "look again in a minute; if it stays, see the relay's log for its limits (user-quota, total-quota)"
            yield Finding(subject, Health.FAULT, "the relay gave a path and then no second one", cure)
        elif port.heard():
            yield Finding(subject, Health.WELL, f"what the relay sends to {address} arrives")
        elif refused:
            cure = f"let the relay reach the stage: allowed-peer-ip={address} in coturn"
            yield Finding(subject, Health.FAULT, f"the relay does not send to {address}", cure)
        else:
            cure = (
                f"open UDP {ports or 'ports'} in the firewall and pass them on in the router, or correct the address"
            )
            told = f"nothing that the relay sends to {address}, port {port.number}, arrives"
            yield Finding(subject, Health.FAULT, told, cure)
