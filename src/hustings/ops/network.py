"""The doctor's checks of what others reach: speakers' UDP ports, the front door, the links between roles."""

import socket
from collections.abc import Iterator

import httpx

from hustings.base.clock import Clock
from hustings.base.settings import Settings, noted_address, read_cluster_key
from hustings.ops.finding import Finding, Health

SPEAKERS = 26  # UDP ports: two for each of 13 seats


def check_media(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    ports = _port_range(settings.media_ports)
    if ports is None:
        cure = "write it as HUSTINGS_MEDIA_PORTS=50000-50100"
        yield Finding("speakers' UDP ports", Health.FAULT, f"{settings.media_ports!r} is no range of ports", cure)
        return
    free = sum(_can_bind(port) for port in ports) if ports else SPEAKERS * _can_bind(0)
    if free == 0:
        cure = "choose others with HUSTINGS_MEDIA_PORTS, or stop what holds them"
        yield Finding("speakers' UDP ports", Health.FAULT, "none can be opened", cure)
    elif free < SPEAKERS:
        cure = f"widen HUSTINGS_MEDIA_PORTS to at least {SPEAKERS} ports"
        yield Finding("speakers' UDP ports", Health.WARNING, f"only {free} can be opened", cure)
    else:
        yield Finding("speakers' UDP ports", Health.WELL, settings.media_ports or "any free port")


def _port_range(told: str) -> range | None:
    """The ports; empty for "any", None for what cannot be read."""
    if not told:
        return range(0)
    first, _, last = told.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        return None
    ports = range(int(first), int(last or first) + 1)
    return ports if ports and ports[-1] <= 65_535 else None


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - for the length of the check
        except OSError:
            return False
    return True


def check_front_door(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    """The port is free to be served on, or a Hustings answers on it with its stage and control behind it."""
    base = settings.door()
    if not _is_port_told(settings) and _status("GET", f"{noted_address(settings)}/healthz") == 200:
        base = noted_address(settings)
    answer = _status("GET", f"{base}/healthz")
    if answer == 200:
        yield Finding("front door", Health.WELL, f"answers at {base}")
        yield from _behind(base)
    elif answer is not None or not _can_listen(settings):
        cure = "stop what listens there, or choose another with --port"
        yield Finding("front door", Health.FAULT, f"port {settings.port} is taken by another program", cure)
    else:
        yield Finding(
            "front door", Health.WELL, f"port {settings.port} of {settings.host} is free; nothing is running"
        )


def _is_port_told(settings: Settings) -> bool:
    """Where it is not, the server to look at is the one that left its address in the data folder."""
    return "port" in settings.model_fields_set


def _behind(base: str) -> Iterator[Finding]:
    asked = {"control": ("GET", f"{base}/api/v1/me"), "stage": ("OPTIONS", f"{base}/api/v1/spaces/doctor/whip")}
    for role, (method, url) in asked.items():
        status = _status(method, url)
        if status is not None and status < 500:
            yield Finding(role, Health.WELL, "answers through the front door")
        else:
            yield Finding(
                role,
                Health.FAULT,
                "does not answer through the front door",
                f"see the {role}'s log, and start it again",
            )


def check_links(settings: Settings, _clock: Clock) -> Iterator[Finding]:
    """Roles on other machines, where settings name them."""
    if not settings.control_url and not settings.stage_url:
        return
    if not settings.cluster_key and not (settings.data / "cluster.key").exists():
        cure = "give every role the same HUSTINGS_CLUSTER_KEY"
        yield Finding("links", Health.FAULT, "other roles are named, and no cluster key is known", cure)
        return
    key = {"Authorization": f"Bearer {read_cluster_key(settings)}"}
    for role, url in (
        ("control", settings.control_url and f"{settings.control_url}/internal/plans"),
        ("stage", settings.stage_url and f"{settings.stage_url}/internal/epoch"),
    ):
        if not url:
            continue
        status = _status("GET", url, key)
        if status == 200:
            yield Finding(f"link to {role}", Health.WELL, "answers and knows the cluster key")
        elif status in {401, 403}:
            cure = "give every role the same HUSTINGS_CLUSTER_KEY"
            yield Finding(f"link to {role}", Health.FAULT, f"{url} refuses the cluster key", cure)
        else:
            cure = f"start it, check HUSTINGS_{role.upper()}_URL and the firewall between the machines"
            yield Finding(f"link to {role}", Health.FAULT, f"{url} does not answer", cure)


def _status(method: str, url: str, headers: dict[str, str] | None = None) -> int | None:
    try:
        return httpx.request(method, url, headers=headers, timeout=3.0, trust_env=False).status_code
    except httpx.HTTPError:
        return None


def _can_listen(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
    return True
