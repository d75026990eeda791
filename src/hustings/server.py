"""The only place that builds things: settings in, roles wired, start and stop order.

Alone a role runs in this process; several run as children of a supervisor. Sound flows through `run_stage` from
top to bottom: rooms → mixer → two channels → broadcaster (delivery) and recorder (the record), which share nothing.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import structlog
from starlette.applications import Starlette

from hustings.api.control import Control, stage_client
from hustings.audio.beds import hold_bed
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import SystemClock
from hustings.base.ids import new_id
from hustings.base.serving import serve_http
from hustings.base.settings import CONTROL, EDGE, STAGE, Settings, read_cluster_key
from hustings.broadcast.broadcaster import Broadcaster
from hustings.broadcast.decode import decode_audio
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.recorder import Recorder
from hustings.broadcast.replay import ReplayMaker
from hustings.broadcast.report import ControlReport
from hustings.broadcast.routes import broadcast_routes
from hustings.documents.blocks import Block
from hustings.documents.seat_token import SeatTokens
from hustings.edge.role import EdgeRole
from hustings.sample.runner import run_sample
from hustings.stage.desk import Desk
from hustings.stage.exchange import ControlExchange
from hustings.stage.mixer import Mixer
from hustings.stage.music import MusicShelf
from hustings.stage.opus import OpusEncoder
from hustings.stage.plans import PlanShelf
from hustings.stage.problems import PROBLEMS
from hustings.stage.room import Outlets
from hustings.stage.rooms import Rooms
from hustings.stage.routes import stage_routes
from hustings.stage.sessions import WhipSessions
from hustings.stage.transport import MediaSettings
from hustings.stage.whip import WhipDoor, whip_routes
from hustings.store.store import Store
from hustings.supervisor import EXIT_FOR_GOOD, Supervisor, parent_gone

log = structlog.get_logger(__name__)

BLOCKS = 50 * 60  # blocks a consumer may be behind: a minute of one Space, a few seconds of many
SAMPLE = "sample"  # a role of the supervisor's: it speaks through the front door like anybody else


def serve(settings: Settings, roles: tuple[str, ...], sample: bool) -> int:
    """Serve until told to stop; the exit code. One role runs here, several run as children."""
    configure_logging()
    if len(roles) == 1 and not sample:
        return asyncio.run(_run_alone(roles[0], settings))
    if EDGE in roles and (taken := _port_taken(settings.host, settings.port)):
        print(taken, file=sys.stderr)  # noqa: T201
        return 1
    return asyncio.run(_supervise(settings, roles, sample))


def configure_logging() -> None:
    """One line an event on standard error: readable at a terminal, JSON elsewhere. Never what a person said."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


# --- several roles: a supervisor ---


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
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings.model_copy(
        update={
            "cluster_key": read_cluster_key(settings),
            "control_url": settings.control_url or _loopback_url(),
            "stage_url": settings.stage_url or _loopback_url(),
        }
    )


async def _supervise(settings: Settings, roles: tuple[str, ...], sample: bool) -> int:
    settings = _complete(settings)
    children = (*roles, SAMPLE) if sample else roles
    supervisor = Supervisor(children, settings.environment(), SystemClock())
    announcing = asyncio.create_task(_announce(settings), name="announce") if EDGE in roles else None
    try:
        return await supervisor.run()
    finally:
        if announcing is not None:
            announcing.cancel()
            await asyncio.gather(announcing, return_exceptions=True)


async def _announce(settings: Settings) -> None:
    """Say where the door is once it answers."""
    clock = SystemClock()
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    async with httpx.AsyncClient(timeout=1.0, trust_env=False) as client:
        while not await _answers(client, f"http://{host}:{settings.port}/api/v1/me"):
            await clock.sleep_until(clock.monotonic() + 0.05)
    print(f"Hustings is open at {settings.address()}", flush=True)  # noqa: T201


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


# --- one role: this process ---


async def _run_alone(role: str, settings: Settings) -> int:
    settings = _complete(settings)
    runs: dict[str, Callable[[Settings], Coroutine[Any, Any, None]]] = {
        CONTROL: run_control,
        STAGE: run_stage,
        EDGE: run_edge,
        SAMPLE: run_sample_role,
    }
    running = asyncio.create_task(runs[role](settings), name=role)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    orphaned = asyncio.create_task(parent_gone(running.cancel), name="lifeline")
    try:
        await running
    except asyncio.CancelledError:
        log.info("role stopped", role=role)
    except (PermissionError, OSError) as error:
        log.exception("role cannot run", role=role)
        return EXIT_FOR_GOOD if isinstance(error, PermissionError) else 1
    finally:
        orphaned.cancel()
        await asyncio.gather(orphaned, return_exceptions=True)
    return 0


def _port_of(url: str) -> int:
    return httpx.URL(url).port or 80


async def run_control(settings: Settings) -> None:
    """The API and the store."""
    control = Control(
        store=Store(settings.store_url()),
        stage_http=stage_client(settings.stage_url, settings.cluster_key),
        clock=SystemClock(),
        cluster_key=settings.cluster_key,
        address=settings.address(),
        public_url=settings.public_url,
        uploads=settings.uploads(),
    )
    await control.open()
    try:
        if link := await control.owner_link():
            print(f"Nobody owns this installation yet. Become its owner: {link}", flush=True)  # noqa: T201
        async with asyncio.TaskGroup() as group:
            group.create_task(control.run(), name="stage link")
            group.create_task(serve_http(control.app, settings.internal_host, _port_of(settings.control_url)))
    finally:
        await control.close()


async def run_stage(settings: Settings) -> None:
    """WebRTC, mixing, encoding, recording."""
    clock, key, epoch = SystemClock(), settings.cluster_key, new_id(SystemClock().now())
    delivery: Channel[Block] = Channel(BLOCKS, WhenFull.DROP_OLDEST)
    record: Channel[Block] = Channel(BLOCKS, WhenFull.DROP_OLDEST)
    hub = FeedHub(epoch)
    async with httpx.AsyncClient(trust_env=False) as client:
        with (
            ThreadPoolExecutor(1, "encode") as encoding,
            ThreadPoolExecutor(1, "record") as recording,
            ThreadPoolExecutor(1, "replay") as finishing,
        ):
            report = ControlReport(client, settings.control_url, key)
            replays = ReplayMaker(settings.recordings(), report, clock, finishing)
            recorder = Recorder(record, settings.recordings(), clock, recording, ended=replays.finish)
            rooms = Rooms(
                epoch=epoch,
                clock=clock,
                tokens=SeatTokens(key),
                shelf=PlanShelf(settings.stage_state()),
                music=MusicShelf(settings.uploads(), decode_audio),
                outlets=Outlets(delivery, record, hub.publish),
                make_encoder=OpusEncoder,
                exchange=ControlExchange(client, settings.control_url, key),
                forget=recorder.delete,
            )
            await rooms.load()
            broadcaster = Broadcaster(delivery, hub, hold_bed(), encoding)
            sessions = WhipSessions(rooms, clock, MediaSettings.from_settings(settings))
            door = WhipDoor(sessions, [url for url in settings.ice_servers.split(",") if url])
            routes = [
                *stage_routes(rooms, Desk(rooms, clock), key),
                *whip_routes(door),
                *broadcast_routes(hub, settings.recordings(), key),
            ]
            app = Starlette(routes=routes, exception_handlers=PROBLEMS)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(broadcaster.run(), name="broadcaster")
                    group.create_task(recorder.run(), name="recorder")
                    group.create_task(replays.run(), name="replays")
                    group.create_task(sessions.run(), name="sessions")
                    group.create_task(Mixer(rooms, clock).run(), name="mixer")
                    group.create_task(serve_http(app, settings.internal_host, _port_of(settings.stage_url)))
            finally:
                await rooms.close()


async def run_edge(settings: Settings) -> None:
    """The front door."""
    edge = EdgeRole(
        stage_url=settings.stage_url,
        control_url=settings.control_url,
        cluster_key=settings.cluster_key,
        clock=SystemClock(),
        max_waiting=settings.max_listeners_waiting,
        trusted_proxies=frozenset(settings.trusted_proxies.split(",")),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(edge.run(), name="agent")
        group.create_task(serve_http(edge.app, settings.host, settings.port), name="front door")


async def run_sample_role(settings: Settings) -> None:
    """Two recorded voices that come in by the front door."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    await run_sample(f"http://{host}:{settings.port}", settings.control_url, settings.cluster_key, SystemClock())
