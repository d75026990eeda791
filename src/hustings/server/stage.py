"""The stage role put together. Sound flows through `run_stage` from top to bottom:

rooms → mixer → two channels → broadcaster (delivery) and recorder (the record), which share nothing.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from starlette.applications import Starlette

from hustings.audio.beds import hold_bed
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import SystemClock
from hustings.base.ids import new_id
from hustings.base.serving import serve_http
from hustings.base.settings import STAGE, Settings
from hustings.broadcast.broadcaster import Broadcaster
from hustings.broadcast.decode import decode_audio
from hustings.broadcast.feed import FeedHub
from hustings.broadcast.recorder import Recorder
from hustings.broadcast.replay import ReplayMaker
from hustings.broadcast.report import ControlReport
from hustings.broadcast.routes import broadcast_routes
from hustings.documents.blocks import Block
from hustings.documents.seat_token import SeatTokens
from hustings.documents.space import MAX_SEATS, SpacePlan, SpaceState
from hustings.server.role import port_of, run_role
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

A_MINUTE = 50 * 60  # blocks of one Space: how far delivery may be behind before the oldest sound is dropped
RECORD = A_MINUTE * (1 + MAX_SEATS)  # the record has a track for every seat beside the programme


async def run_stage(settings: Settings) -> None:
    """WebRTC, mixing, encoding, recording."""
    clock, key, epoch = SystemClock(), settings.cluster_key, new_id(SystemClock().now())
    delivery: Channel[Block] = Channel(A_MINUTE, WhenFull.DROP_OLDEST)
    record: Channel[Block] = Channel(RECORD, WhenFull.DROP_OLDEST)
    hub = FeedHub(epoch)
    async with httpx.AsyncClient(trust_env=False) as client:
        with (
            ThreadPoolExecutor(1, "encode") as encoding,
            ThreadPoolExecutor(1, "record") as recording,
            ThreadPoolExecutor(1, "replay") as finishing,
        ):

            def wants_trim(space: str) -> bool:
                plan = rooms.plan(space)
                return plan is None or plan.replay.trim_start

            def notice(plan: SpacePlan) -> None:
                if plan.state is SpaceState.ENDED:
                    replays.retrim(plan.id, plan.replay.trim_start)

            report = ControlReport(client, settings.control_url, key)
            replays = ReplayMaker(settings.recordings(), report, clock, finishing, trim_start=wants_trim)
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
                notice=notice,
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
                    group.create_task(serve_http(app, settings.internal_host, port_of(settings.stage_url)))
            finally:
                hub.close()
                await rooms.close()


if __name__ == "__main__":
    run_role(STAGE, run_stage)
