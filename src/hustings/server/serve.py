"""`hustings serve`: one role becomes this process, several become children of a supervisor."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

import httpx
import msgspec

from hustings.base.clock import Clock, SystemClock
from hustings.base.settings import CONTROL, EDGE, MONITOR, STAGE, Settings, note_address, read_cluster_key
from hustings.server.folder import hold_folder
from hustings.server.role import SAMPLE, configure_logging, owner_line
from hustings.server.supervisor import Supervisor, role_command

AGAIN = 0.05  # seconds between two looks at a role that does not answer yet
SPARED = (STAGE,)  # roles whose start everybody would hear
LOOK_FOR_SPACES = 1.0  # seconds between two looks whether there is something to hear


class _OnAir(msgspec.Struct):
    """The stage's answer: Spaces whose doors are open."""

    spaces: tuple[str, ...]


class _OwnerLink(msgspec.Struct):
    """Control's answer: the address at which the owner is made, None once there is one."""

    url: str | None


def serve(settings: Settings, roles: tuple[str, ...], sample: bool) -> int:
    """Serve until told to stop; the exit code. One role runs here, several and one with a spare run as children."""
    configure_logging()
    locks = asyncio.run(hold_folder(settings, roles, SystemClock()))
    if len(roles) == 1 and not sample and roles[0] not in SPARED:
        _become(roles[0], _complete(settings))
    if EDGE in roles and (taken := _port_taken(settings.host, settings.port)):
        print(taken, file=sys.stderr)  # noqa: T201
        return 1
    return asyncio.run(_supervise(settings, roles, locks, sample=sample))


def serve_edge(settings: Settings) -> int:
    """Serve the listeners of a town whose other roles run elsewhere, until told to stop; the exit code."""
    configure_logging()
    if taken := _port_taken(settings.host, settings.port):
        print(taken, file=sys.stderr)  # noqa: T201
        return 1
    return asyncio.run(_supervise(settings, (EDGE,), (), sample=False))


def _become(role: str, settings: Settings) -> NoReturn:
    """Be that role's process from here on: nothing of the others is loaded."""
    os.execve(sys.executable, role_command(role), {**os.environ, **settings.environment()})  # noqa: S606


def _port_taken(host: str, port: int) -> str | None:
    """The sentence to print when the front door cannot be opened."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"Port {port} on {host} cannot be opened ({error.strerror}). Choose another with --port."
    return None


def _loopback_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _complete(settings: Settings) -> Settings:
    """Addresses and key that every child must agree on."""
    return settings.model_copy(
        update={
            "cluster_key": read_cluster_key(settings),
            "control_url": settings.control_url or _loopback_url(),
            "stage_url": settings.stage_url or _loopback_url(),
        }
    )


async def _supervise(settings: Settings, roles: tuple[str, ...], locks: Sequence[int], *, sample: bool) -> int:
    settings = _complete(settings)
    children = (*roles, SAMPLE) if sample else roles
    after = {MONITOR: partial(first_space, settings, SystemClock())}
    supervisor = Supervisor(
        children, settings.environment(), SystemClock(), inherited=locks, after=after, spared=SPARED
    )
    async with asyncio.TaskGroup() as group:
        announcing = group.create_task(announce(settings, roles), name="announce")
        code = await supervisor.run()
        announcing.cancel()
    return code


async def announce(settings: Settings, roles: tuple[str, ...]) -> None:
    """Say where the door is once every role behind it answers, and who may come in first."""
    clock = SystemClock()
    doors = {
        CONTROL: f"{settings.control_url}/api/v1/me",
        STAGE: f"{settings.stage_url}/internal/epoch",
        EDGE: f"{settings.door()}/healthz",
    }
    async with httpx.AsyncClient(timeout=1.0, trust_env=False) as client:
        for role in (role for role in roles if role in doors):
            while not await _answers(client, doors[role]):
                await clock.sleep_until(clock.monotonic() + AGAIN)
        link = await _owner_link(client, settings, clock) if CONTROL in roles else None
    lines = [f"Hustings is open at {settings.address()}"] if EDGE in roles else []
    if EDGE in roles and CONTROL in roles:
        note_address(settings)
    if link:
        lines.append(owner_line(link))
    for line in lines:
        print(line, flush=True)  # noqa: T201


async def first_space(settings: Settings, clock: Clock) -> None:
    """Until a Space opens its doors: before that there is nothing to hear, and starting takes its second of CPU."""
    headers = {"authorization": f"Bearer {settings.cluster_key}"}
    async with httpx.AsyncClient(timeout=1.0, trust_env=False, headers=headers) as client:
        while not await _on_air(client, settings.stage_url):
            await clock.sleep_until(clock.monotonic() + LOOK_FOR_SPACES)


async def _on_air(client: httpx.AsyncClient, stage_url: str) -> bool:
    try:
        answer = await client.get(f"{stage_url}/internal/on-air")
        return answer.is_success and bool(msgspec.json.decode(answer.content, type=_OnAir).spaces)
    except (httpx.HTTPError, msgspec.DecodeError):
        return False


async def _owner_link(client: httpx.AsyncClient, settings: Settings, clock: Clock) -> str | None:
    """Asked until control says: nobody could become the owner by a link that was told to nobody."""
    headers = {"authorization": f"Bearer {settings.cluster_key}"}
    while True:
        try:
            answer = await client.post(f"{settings.control_url}/internal/owner-link", headers=headers, timeout=10.0)
            if answer.is_client_error:
                return None
            if answer.is_success:
                return msgspec.json.decode(answer.content, type=_OwnerLink).url
        except (httpx.HTTPError, msgspec.DecodeError):
            pass
        await clock.sleep_until(clock.monotonic() + AGAIN)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    """Any answer but a server's failure: a refusal without the key is an answer too."""
    try:
        return not (await client.get(url)).is_server_error
    except httpx.HTTPError:
        return False
