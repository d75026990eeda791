"""Debian's coturn on ports of its own, set up as the guide says."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aioice.ice import get_host_addresses
from tests.support.asgi import free_port
from tests.support.certificates import Certificate, certificate
from tests.support.town import eventually

GUIDE = Path("docs/guides/relay.md")
SECRET = "a secret of the test's"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Relay:
    host: str
    port: int
    tls_port: int
    certificate: Certificate

    @property
    def udp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=udp"

    @property
    def tcp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=tcp"

    @property
    def tls(self) -> str:
        return f"turns:{self.host}:{self.tls_port}?transport=tcp"


def own_address() -> str:
    """Of this machine, as a browser beside the stage reaches it."""
    return next(iter(get_host_addresses(use_ipv4=True, use_ipv6=False)), LOOPBACK)


def guide_lines() -> list[str]:
    """coturn's settings as the guide has them."""
    block = re.search(r"```ini\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert block is not None
    return block[1].splitlines()


@contextmanager
def coturn(folder: Path, *, host: str = "", stage: str = "", before: tuple[str, ...] = ()) -> Iterator[Relay]:
    """From when it answers. `host` is where it listens, `stage` whom it may reach, both this machine where not
    told; `before` are words that run it elsewhere, such as in a namespace."""
    host, folder = host or own_address(), folder / "coturn"
    folder.mkdir()
    relay = Relay(host, free_port(), free_port(), certificate(folder, host))
    ours = {
        "listening-port": relay.port,
        "tls-listening-port": relay.tls_port,
        "static-auth-secret": SECRET,
        "cert": relay.certificate.file,
        "pkey": relay.certificate.key,
        "allowed-peer-ip": stage or host,
    }
    lines = [_with(line, ours) for line in guide_lines()]
    here = [f"listening-ip={host}", f"relay-ip={host}", f"pidfile={folder}/pid", f"userdb={folder}/db"]
    here += ["log-file=stdout", "allow-loopback-peers"]
    (folder / "turnserver.conf").write_text("\n".join([*lines, *here]))
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [*before, shutil.which("turnserver") or "turnserver", "-c", str(folder / "turnserver.conf")],
            stdout=log,
            stderr=log,
        )
        try:
            eventually(lambda: all(_listens(host, port) for port in (relay.port, relay.tls_port)), what="coturn")
            yield relay
        finally:
            running.kill()
            running.wait()


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _with(line: str, ours: dict[str, object]) -> str:
    name = line.partition("=")[0]
    return f"{name}={ours[name]}" if name in ours else line
