"""All Rooms of this stage: who may sit where, and plans that outlive the process.

It seats sessions by tokens it checks itself, so that a dead database locks no speaker out. It knows no HTTP.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from hustings.audio.beds import end_sound, hold_bed, preshow_bed
from hustings.audio.health import Examine, examine
from hustings.audio.level import Samples
from hustings.audio.mix import SILENCE
from hustings.audio.riding import Range, Rider, Rides
from hustings.base.clock import Clock
from hustings.base.errors import NotFound
from hustings.base.recent import Recent
from hustings.base.tasks import TaskScope
from hustings.documents.feed import Gone
from hustings.documents.heard import Heard, Place
from hustings.documents.seat_token import SeatClaim, SeatTokens
from hustings.documents.space import SpacePlan
from hustings.stage.air import Outlets
from hustings.stage.alarms import Fault
from hustings.stage.chair import Encoder
from hustings.stage.music import MusicShelf
from hustings.stage.plans import BadPlan, PlanShelf, check_id
from hustings.stage.room import DRAIN, NotSeated, Room
from hustings.stage.uplinks import Source

log = structlog.get_logger(__name__)

Exchange = Callable[[str, str], Awaitable[str]]
Forget = Callable[[str], Awaitable[None]]
Notice = Callable[[SpacePlan], None]
RecordingFaults = Callable[[str], Collection[str]]

ACCOUNT_PREFIX = "hst_"  # nothing else is passed on: random tokens must not become requests to control

FAILING = 64  # Spaces whose fault was logged and is not logged again


class UnknownSpace(NotFound):
    """The stage was told of no such Space."""

    code = "unknown_space"


class Rooms:
    """Implements Seating for WHIP, and what control's plans do. Call `load` before serving, then `run`."""

    def __init__(
        self,
        *,
        epoch: str,
        clock: Clock,
        tokens: SeatTokens,
        shelf: PlanShelf,
        music: MusicShelf,
        outlets: Outlets,
        make_encoder: Callable[[], Encoder],
        exchange: Exchange,
        forget: Forget,
        notice: Notice,
        recording_faults: RecordingFaults = lambda _space: (),
        make_rider: Callable[[Range], Rides] = Rider,
        examine: Examine = examine,
    ) -> None:
        """`epoch` names this run of the stage. `exchange` takes a Space's id and an account's token and gives a seat
        token. `forget` deletes a Space's recordings. `notice` is shown every plan that control sends, kept or not.
        `recording_faults` says by codes what is wrong with a Space's recording at the moment.
        """
        self.epoch = epoch
        self._clock = clock
        self._tokens = tokens
        self._shelf = shelf
        self._music = music
        self._outlets = outlets
        self._make_encoder = make_encoder
        self._exchange = exchange
        self._forget = forget
        self._notice = notice
        self._recording_faults = recording_faults
        self._make_rider = make_rider
        self._examine = examine
        self._rooms: dict[str, Room] = {}
        self._bed: Samples = SILENCE  # until it is made
        self._ending: list[Source] = []  # sessions told to close that have not yet
        self._failing = Recent(FAILING)
        self._kept: dict[str, int] = {}  # Space → revision of its plan on disk
        self._origins: dict[str, float | None] = {}  # Space → as on disk, or on its way there
        self._saving = asyncio.Lock()
        self._scope = TaskScope()

    async def load(self) -> None:
        """Take up every Space that was carried before; asks nobody. The pre-show bed follows when it is made."""
        for make in (hold_bed, end_sound):
            await asyncio.to_thread(make)
        for plan in await asyncio.to_thread(self._shelf.load):
            self._kept[plan.id] = plan.revision
            self._origins[plan.id] = await asyncio.to_thread(self._shelf.origin, plan.id)
            self._open(plan, resumed=True)
        self._scope.spawn(self._make_bed(), "make pre-show bed")

    async def _make_bed(self) -> None:
        """It takes most of a second, which those who speak must not wait after a restart."""
        self._bed = await asyncio.to_thread(preshow_bed)
        for room in self._rooms.values():
            if room.plan.preshow is None:
                room.timeline.preshow.replace(self._bed)

    async def close(self) -> None:
        """End every session; the Rooms themselves are on disk."""
        seated = [chair.peer for room in self._rooms.values() for chair in room.chairs() if chair.peer]
        await asyncio.gather(*(peer.close() for peer in [*seated, *self._ending]), return_exceptions=True)
        await self._scope.close()

    def _open(self, plan: SpacePlan, *, resumed: bool) -> None:
        self._rooms[plan.id] = Room(
            plan,
            outlets=self._outlets,
            make_encoder=self._make_encoder,
            close=self._end_session,
            preshow=self._bed if plan.preshow is None else SILENCE,
            opened_at=self._clock.monotonic(),
            resumed=resumed,
            origin=self._origins.get(plan.id),
            make_rider=self._make_rider,
            examine=self._examine,
        )
        self._fetch_music(None, plan)

    def _end_session(self, peer: Source) -> None:
        self._ending.append(peer)
        self._scope.spawn(self._ended(peer), "close session")

    async def _ended(self, peer: Source) -> None:
        try:
            await peer.close()
        finally:
            self._ending.remove(peer)

    # Plans

    async def put(self, plan: SpacePlan) -> None:
        """Act on a plan and keep it; an older one, or the end of a Space not carried, changes nothing. Raises
        PlanNotKept when the disk is full: it is acted on, and kept when it is sent again."""
        check_id(plan.id)
        if len({seat.id for seat in plan.seats}) != len(plan.seats):
            raise BadPlan("Two seats of this plan have the same id.")
        self._notice(plan)
        room = self._rooms.get(plan.id)
        if room is None:
            if plan.state.over:
                return
            self._open(plan, resumed=False)
        else:
            before = room.plan
            if room.update(plan):
                self._fetch_music(before, plan)
        await self._keep(plan.id)

    async def _keep(self, space: str) -> None:
        async with self._saving:
            room = self._rooms.get(space)
            if room is not None and self._kept.get(space) != room.plan.revision:
                plan = room.plan
                await asyncio.to_thread(self._shelf.save, plan)
                self._kept[space] = plan.revision

    def _keep_origin(self, room: Room) -> None:
        if room.air.origin is not None and self._origins.get(room.plan.id) != room.air.origin:
            self._origins[room.plan.id] = room.air.origin
            self._scope.spawn(self._save_origin(room.plan.id, room.air.origin), "keep the programme's origin")

    async def _save_origin(self, space: str, origin: float) -> None:
        async with self._saving:
            if self._origins.get(space) == origin:  # else the Space is gone, or a truer one waits behind this
                await asyncio.to_thread(self._shelf.save_origin, space, origin)

    async def delete(self, space: str) -> None:
        """Stop and forget a Space, recordings too; one that is not there is already forgotten."""
        room = self._rooms.pop(check_id(space), None)
        if room is not None:
            room.stop()
            self._outlets.publish(Gone(space))
        async with self._saving:
            await self._drop_files(space)
        await self._forget(space)

    def _fetch_music(self, before: SpacePlan | None, plan: SpacePlan) -> None:
        if plan.preshow != (before.preshow if before else None):
            self._scope.spawn(self._play_music(plan.id, plan.preshow), "fetch music")

    async def _play_music(self, space: str, name: str | None) -> None:
        sound = await self._music.get(name) if name else None
        if sound is None:
            sound = await asyncio.to_thread(preshow_bed)
        room = self._rooms.get(space)
        if room is not None and room.plan.preshow == name:
            room.timeline.preshow.replace(sound)

    # Seating

    def room(self, space: str) -> Room:
        """Raises UnknownSpace."""
        room = self._rooms.get(space)
        if room is None:
            raise UnknownSpace("There is no such Space here, or it is over. Its page says more.")
        return room

    def plans(self) -> list[SpacePlan]:
        return [room.plan for room in self._rooms.values()]

    def take_heard(self, space: str, heard: Heard) -> None:
        """What the as-heard monitor says; raises UnknownSpace."""
        self.room(space).heard.take(heard, self._clock.monotonic())

    def plan(self, space: str) -> SpacePlan | None:
        room = self._rooms.get(space)
        return room.plan if room else None

    async def authorise(self, space: str, token: str) -> SeatClaim:
        """The claim a bearer token makes good; raises Unauthorized, Forbidden, NotFound, Conflict, Unavailable."""
        self.room(space)
        claim = self.seated(space, await self._exchange(space, token) if token.startswith(ACCOUNT_PREFIX) else token)
        self.room(space).admit(claim)
        return claim

    def seated(self, space: str, seat_token: str) -> SeatClaim:
        """The claim of a seat token, which asks nobody and takes no seat, over or not; raises as `authorise` does."""
        room = self.room(space)
        claim = self._tokens.open(seat_token)
        if claim.space != space:
            raise NotSeated("This token opens a seat in another Space.")
        room.seated(claim)
        return claim

    def attach(self, claim: SeatClaim, peer: Source, *, second: bool = False) -> None:
        """Seat a session; raises as `authorise` does when the seat went away since, and then closes the session."""
        try:
            self.room(claim.space).attach(claim, peer, second=second)
        except Exception:
            self._end_session(peer)
            raise

    def detach(self, claim: SeatClaim, peer: Source) -> None:
        if (room := self._rooms.get(claim.space)) is not None:
            room.detach(claim.seat, peer)

    # Sound

    def tick(self) -> None:
        """20 ms of every Space."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        for room in list(self._rooms.values()):
            try:
                room.tick(now, monotonic)
                self._keep_origin(room)
                faults = self._recording_faults(room.plan.id)
                room.alarms.report("recording", [Fault(code, Place.RECORDING) for code in faults])
            except Exception:  # noqa: BLE001 - supervisor: one Space's fault must not silence the others
                self._report_failing(room.plan.id)
            if room.air.finished_at is not None and monotonic - room.air.finished_at >= DRAIN:
                self._let_go(room)

    def _report_failing(self, space: str) -> None:
        """Once for each Space: what fails in one tick fails in the next."""
        if space not in self._failing:
            self._failing.add(space)
            log.exception("tick failed", space=space)

    def skip(self, ticks: int) -> None:
        """The stage stood still for so many ticks."""
        for room in self._rooms.values():
            room.skip(ticks)

    def _let_go(self, room: Room) -> None:
        del self._rooms[room.plan.id]
        room.close()
        self._outlets.publish(Gone(room.plan.id))
        self._scope.spawn(self._drop(room.plan.id), "drop plan")

    async def _drop(self, space: str) -> None:
        async with self._saving:
            if space not in self._rooms:
                await self._drop_files(space)

    async def _drop_files(self, space: str) -> None:
        self._kept.pop(space, None)
        self._origins.pop(space, None)
        await asyncio.to_thread(self._shelf.drop, space)
