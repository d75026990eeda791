"""The doctor's checks of the front door and the links between roles, the clocks at their ends among them."""

import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx

from hustings.base.clock import Clock
from hustings.base.settings import Settings, noted_address, read_cluster_key
from hustings.ops.finding import Finding, Health

CLOCKS_APART = 5.0  # s between two machines, above which tokens and playlists come from the future


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


def check_links(settings: Settings, clock: Clock) -> Iterator[Finding]:
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
        answer = _ask("GET", url, key)
        status = answer and answer.status_code
        if answer and status == 200:
            yield Finding(f"link to {role}", Health.WELL, "answers and knows the cluster key")
            yield from _clocks(role, answer, clock)
        elif status in {401, 403}:
            cure = "give every role the same HUSTINGS_CLUSTER_KEY"
            yield Finding(f"link to {role}", Health.FAULT, f"{url} refuses the cluster key", cure)
        else:
            cure = f"start it, check HUSTINGS_{role.upper()}_URL and the firewall between the machines"
            yield Finding(f"link to {role}", Health.FAULT, f"{url} does not answer", cure)


def _clocks(role: str, answer: httpx.Response, clock: Clock) -> Iterator[Finding]:
    told = answer.headers.get("date")
    apart = abs(parsedate_to_datetime(told).timestamp() - clock.now()) if told else 0.0
    if apart > CLOCKS_APART:
        cure = "run an NTP client on both machines"
        yield Finding(f"clock of {role}", Health.FAULT, f"{apart:.0f} s away from this machine's", cure)


def _status(method: str, url: str, headers: dict[str, str] | None = None) -> int | None:
    answer = _ask(method, url, headers)
    return None if answer is None else answer.status_code


def _ask(method: str, url: str, headers: dict[str, str] | None = None) -> httpx.Response | None:
    try:
        return httpx.request(method, url, headers=headers, timeout=3.0, trust_env=False)
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
