"""Every setting of every role, in one typed table. Each is an environment variable HUSTINGS_<NAME>.

Command-line flags of `hustings serve` win over the environment; what neither gives has the default below.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from hustings.base.errors import Invalid

CONTROL, STAGE, EDGE, MONITOR = "control", "stage", "edge", "monitor"
ADDRESS = "address"  # file in the data folder
ALL_ROLES = (CONTROL, STAGE, EDGE, MONITOR)


class Settings(BaseSettings):
    """One installation. URLs have no trailing slash."""

    model_config = SettingsConfigDict(env_prefix="HUSTINGS_", extra="ignore")

    host: str = Field("127.0.0.1", description="Address the front door listens on; 0.0.0.0 for every network.")
    port: int = Field(8000, ge=0, le=65535, description="Port the front door listens on.")
    data: Path = Field(Path("data"), description="Folder of the database, recordings, uploads and keys.")
    public_url: str = Field(
        "",
        description="Address people use, such as https://town.example; empty: http://localhost and the port.",
    )
    cluster_key: str = Field(
        "", description="Secret shared by all roles; empty: read from or made in the data folder."
    )
    control_url: str = Field("", description="Where control answers the other roles; empty: chosen on loopback.")
    stage_url: str = Field("", description="Where the stage answers the other roles; empty: chosen on loopback.")
    internal_host: str = Field("127.0.0.1", description="Address control and stage listen on for the other roles.")
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty: SQLite in the data folder.")
    media_address: str = Field(
        "",
        description="Address put into WebRTC answers instead of the machine's own, for servers behind NAT.",
    )
    media_ports: str = Field("", description="UDP ports for speakers, such as 50000-50100; empty: any free port.")
    ice_servers: str = Field(
        "",
        description="STUN and TURN URLs, separated by commas, for speakers behind networks without UDP, such as "
        "turn:turn.example:3478?transport=udp,turns:turn.example:5349; TURN needs turn_secret.",
    )
    turn_secret: str = Field(
        "", description="Secret shared with the TURN servers: coturn's static-auth-secret, with use-auth-secret."
    )
    max_listeners_waiting: int = Field(
        20_000, ge=1, description="Blocked playlist and part requests one edge holds at once; more get 503."
    )
    edges: str = Field(
        "",
        description="Front doors the monitor listens to, as listeners reach them, separated by commas; "
        "empty: the front door of this machine.",
    )
    trusted_proxies: str = Field("127.0.0.1,::1", description="Addresses whose X-Forwarded-For is believed.")

    def address(self) -> str:
        """What people type: the public URL, else localhost and the port."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    def door(self) -> str:
        """The front door as this machine reaches it."""
        every = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
        host = every.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    def store_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.database().absolute()}"

    def database(self) -> Path:
        """SQLite's file, where no other store is named."""
        return self.data / "hustings.db"

    def environment(self) -> dict[str, str]:
        """These settings as the variables that a child process reads them from."""
        return {f"HUSTINGS_{name.upper()}": str(value) for name, value in self.model_dump().items()}

    def trusted(self) -> list[str]:
        return _listed(self.trusted_proxies)

    def ice_server_urls(self) -> list[str]:
        return _listed(self.ice_servers)

    def listened_to(self) -> list[str]:
        """Addresses of the edges whose sound the monitor hears."""
        return [edge.rstrip("/") for edge in _listed(self.edges)] or [self.door()]

    def recordings(self) -> Path:
        return self.data / "recordings"

    def uploads(self) -> Path:
        return self.data / "uploads"

    def stage_state(self) -> Path:
        return self.data / "stage"


def _listed(told: str) -> list[str]:
    return [one.strip() for one in told.split(",") if one.strip()]


def note_address(settings: Settings) -> None:
    """Leave word in the data folder where people reach the running server. A full disk keeps no door shut."""
    with suppress(OSError):
        (settings.data / ADDRESS).write_text(settings.address())


def noted_address(settings: Settings) -> str:
    """Where people reach the server that runs, or ran last, from this data folder."""
    try:
        return settings.public_url.rstrip("/") or (settings.data / ADDRESS).read_text()
    except OSError:
        return settings.address()


class BadSetting(Invalid):
    """A setting that no role can start with, by its variable's name: starting again would end the same way."""

    code = "bad_setting"


class BadDataFolder(Invalid):
    """The data folder is no folder, or cannot be written."""

    code = "bad_data_folder"


def make_data_folder(folder: Path) -> None:
    """Raises BadDataFolder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise BadDataFolder(f"The data folder {folder} cannot be written. Choose another with --data.")


def _unusable(folder: Path, error: OSError) -> BadDataFolder:
    return BadDataFolder(f"The data folder {folder} cannot be used ({error.strerror}). Choose another with --data.")


def read_cluster_key(settings: Settings) -> str:
    """The cluster's secret; made on first use, readable by its owner alone. Raises BadDataFolder."""
    if settings.cluster_key:
        return settings.cluster_key
    make_data_folder(settings.data)
    try:
        return _cluster_key(settings.data / "cluster.key")
    except OSError as error:
        raise _unusable(settings.data, error) from error


def _cluster_key(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return path.read_text().strip()
