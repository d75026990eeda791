"""The stage role put together: every part of the sound's path is made in `Stage`, and run in `Stage.run`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from starlette.applications import Starlette

from hustings.audio.beds import end_sound, hold_bed, preshow_bed
from hustings.audio.health import Examine, examine
from hustings.base.channel import Channel, WhenFull
from hustings.base.clock import SystemClock, boot_id
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
from hustings.documents.space import MAX_SEATS
from hustings.server.role import port_of, run_role
from hustings.stage.air import Outlets
from hustings.stage.commands import command_routes
from hustings.stage.desk import Desk
from hustings.stage.exchange import ControlExchange
from hustings.stage.heard_routes import heard_routes
from hustings.stage.ice_servers import IceServers
from hustings.stage.mixer import Mixer
from hustings.stage.music import MusicShelf
from hustings.stage.opus import OpusEncoder, opus_version
from hustings.stage.plans import PlanShelf
from hustings.stage.problems import PROBLEMS
from hustings.stage.rooms import Rooms
from hustings.stage.routes import stage_routes
from hustings.stage.sessions import WhipSessions
from hustings.stage.transport import MediaSettings
from hustings.stage.turnouts import Turnouts, TurnoutShelf, turnout_routes
from hustings.stage.whip import WhipDoor, whip_routes

A_MINUTE = 50 * 60  # blocks of one Space: how far delivery may be behind before the oldest sound is dropped
RECORD = A_MINUTE * (1 + MAX_SEATS)  # the record has a track for every seat beside the programme


class Workers:
    """One thread for each kind of blocking work, so that a slow disk never holds up the encoder."""

    def __init__(self) -> None:
        self.encoding = ThreadPoolExecutor(1, "encode")
        self.recording = ThreadPoolExecutor(1, "record")
        self.finishing = ThreadPoolExecutor(1, "replay")

    def close(self) -> None:
        for pool in (self.encoding, self.recording, self.finishing):
            pool.shutdown()


class Stage:
    """Rooms → mixer → two channels → broadcaster (delivery) and recorder (the record), which share nothing."""

    def __init__(self, settings: Settings, client: httpx.AsyncClient, workers: Workers, examine: Examine) -> None:
        clock, key = SystemClock(), settings.cluster_key
        delivery: Channel[Block] = Channel(A_MINUTE, WhenFull.DROP_OLDEST)
        record: Channel[Block] = Channel(RECORD, WhenFull.DROP_OLDEST)
        self._settings, self._delivery, self._encoding = settings, delivery, workers.encoding
        self.hub = FeedHub(new_id(clock.now()))
        report = ControlReport(client, settings.control_url, key)
        self.replays = ReplayMaker(
            settings.recordings(),
            report,
            clock,
            workers.finishing,
            trim_start=self._wants_trim,
            title=self._title,
        )
        self.recorder = Recorder(record, settings.recordings(), clock, workers.recording, ended=self.replays.finish)
        self.rooms = Rooms(
            epoch=self.hub.epoch,
            clock=clock,
            tokens=SeatTokens(key),
            shelf=PlanShelf(settings.stage_state(), boot_id()),
            music=MusicShelf(settings.uploads(), decode_audio),
            outlets=Outlets(delivery, record, self.hub.publish),
            make_encoder=OpusEncoder,
            exchange=ControlExchange(client, settings.control_url, key),
            forget=self.recorder.delete,
            notice=self.replays.follow,
            recording_faults=self.recorder.faults,
            examine=examine,
        )
        self.turnouts = Turnouts(self.rooms, TurnoutShelf(settings.stage_state()), report.turnout, clock)
        self.sessions = WhipSessions(self.rooms, clock, MediaSettings.from_settings(settings))
        self.mixer = Mixer(self.rooms, clock, self.sessions.sockets.tick)
        routes = [
            *stage_routes(self.rooms, Desk(self.rooms, clock), key, self.mixer.late),
            *command_routes(self.rooms, clock),
            *whip_routes(WhipDoor(self.sessions, IceServers.from_settings(settings), clock)),
            *heard_routes(self.rooms, key),
            *turnout_routes(self.turnouts, key),
            *broadcast_routes(self.hub, settings.recordings(), key),
        ]
        self.app = Starlette(routes=routes, exception_handlers=PROBLEMS)

    def _wants_trim(self, space: str) -> bool:
        plan = self.rooms.plan(space)
        return plan is None or plan.replay.trim_start

    def _title(self, space: str) -> str:
        plan = self.rooms.plan(space)
        return "" if plan is None else plan.title

    async def run(self) -> None:
        """Until cancelled. What was carried before is taken up first, then speakers are let in."""
        await self.rooms.load()
        await self.turnouts.load()
        broadcaster = Broadcaster(self._delivery, self.hub, hold_bed(), self._encoding)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(broadcaster.run(), name="broadcaster")
                group.create_task(self.hub.run(SystemClock()), name="feed")
                group.create_task(self.recorder.run(), name="recorder")
                group.create_task(self.replays.run(), name="replays")
                group.create_task(self.sessions.run(), name="sessions")
                group.create_task(self.turnouts.run(), name="turnouts")
                group.create_task(self.mixer.run(), name="mixer")
                port = port_of(self._settings.stage_url)
                group.create_task(serve_http(self.app, self._settings.internal_host, port), name="http")
        finally:
            self.hub.close()
            await self.rooms.close()


async def run_stage(settings: Settings, examine: Examine = examine) -> None:
    """WebRTC, mixing, encoding, recording; `examine` is how voices are judged."""
    workers = Workers()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await Stage(settings, client, workers, examine).run()
    finally:
        workers.close()


def prepare() -> None:
    """What every Space needs: the sounds of ours, made once for the process, and libopus, loaded."""
    for make in (hold_bed, end_sound, preshow_bed, opus_version):
        make()


if __name__ == "__main__":
    run_role(STAGE, run_stage, prepare)
