"""Configurations of what runs around Hustings: web servers in front, services, a container.

Written from templates beside this file and the operator's own words; nothing is installed and no file is touched.
"""

import string
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Final

from hustings.base.errors import Invalid


class Kind(StrEnum):
    """What can be written, by the name of the command's argument."""

    NGINX = "nginx"
    CADDY = "caddy"
    SYSTEMD = "systemd"
    SYSTEMD_EDGE = "systemd-edge"
    CONTAINER = "container"


FILES: Final = {
    Kind.NGINX: "nginx.conf",
    Kind.CADDY: "Caddyfile",
    Kind.SYSTEMD: "hustings.service",
    Kind.SYSTEMD_EDGE: "hustings-edge.service",
    Kind.CONTAINER: "Containerfile",
}


class BadDeployment(Invalid):
    """Words that no configuration can be made of."""

    code = "bad_deployment"


class _Template(string.Template):
    """`@{word}`: the dollar is nginx's own."""

    delimiter = "@"


@dataclass(frozen=True, slots=True)
class Deployment:
    """`edges` are host:port of front doors; `command` and `data` absolute paths; a certificate comes with its key."""

    name: str
    command: Path
    data: Path
    edges: tuple[str, ...] = ("127.0.0.1:8000",)
    certificate: Path | None = None
    key: Path | None = None
    user: str = "hustings"
    port: int = 8000
    cache: Path = Path("/var/cache/nginx/hustings")
    cache_size: str = "1g"

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise BadDeployment("A certificate needs its key, and a key its certificate: give both or neither.")
        for word in (self.name, self.user, *self.edges):
            if not word or set(word) & set(" \t\n;{}\"'$#\\"):
                raise BadDeployment(f"{word!r} cannot stand in a configuration. Give a plain name or host:port.")

    def written(self, kind: Kind) -> str:
        """The configuration's text."""
        text = (resources.files("hustings.ops") / "templates" / FILES[kind]).read_text()
        return _Template(text).substitute(
            name=self.name,
            command=self.command,
            data=self.data,
            user=self.user,
            port=self.port,
            origin=f"https://{self.name}",
            edges=" ".join(self.edges),
            servers="\n".join(f"    server {edge} max_fails=1 fail_timeout=2s;" for edge in self.edges),
            listen=self._listen(),
            tls="" if self.certificate is None else f"\ttls {self.certificate} {self.key}\n",
            cache=self.cache,
            cache_size=self.cache_size,
        )

    def _listen(self) -> str:
        """nginx's; `http2` stands where every version from 1.9.5 on takes it."""
        if self.certificate is None:
            return "    listen 80;\n    listen [::]:80;"
        lines = (
            "listen 443 ssl http2;",
            "listen [::]:443 ssl http2;",
            f"ssl_certificate {self.certificate};",
            f"ssl_certificate_key {self.key};",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_session_cache shared:hustings_tls:16m;",
        )
        return "\n".join(f"    {line}" for line in lines)
