"""The sample conversation of a first start. Made once; once deleted or ended it never comes back."""

import msgspec

from hustings.base.ids import new_id
from hustings.documents.space import SPACE_LIFE, Role, SpaceState
from hustings.spaces.errors import SampleGone
from hustings.spaces.floor import Floor, SeatGrant
from hustings.store.store import Work
from hustings.store.values import SeatRecord, SpaceRecord

FLAG = "sample_space"
TITLE = "The ferry question: a sample conversation"
DESCRIPTION = (
    "Two made-up voices talk, so that a new installation can be heard at once. "
    "They speak through the same door as anybody else. One click deletes it for good."
)
HOST, GUEST = "Sample host", "Sample guest"


class SampleSeats(msgspec.Struct, frozen=True):
    space: str
    seats: tuple[tuple[str, SeatGrant], ...]  # name and seat, the host first


class Sample:
    """Finds or makes it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def find_or_make(self) -> SampleSeats:
        """Raises SampleGone once somebody deleted or ended it."""
        async with self._floor.store.write() as work:
            known = await work.flags.get(FLAG)
            space = await work.spaces.get(known) if known else await self._make(work)
            if space is None or space.deleted_at is not None or SPACE_LIFE.is_final(space.state):
                raise SampleGone("The sample conversation was deleted.")
            seats = await work.seats.of(space.id)
        await self._floor.tell(space.id)
        return SampleSeats(space.id, tuple((seat.name, self._floor.grant(seat)) for seat in seats))

    async def _make(self, work: Work) -> SpaceRecord:
        now = self._floor.clock.now()
        space = await work.spaces.add(
            SpaceRecord(new_id(now), TITLE, DESCRIPTION, SpaceState.SCHEDULED, HOST, now, record=False, sample=True)
        )
        for number, (name, role) in enumerate([(HOST, Role.HOST), (GUEST, Role.SPEAKER)]):
            seat = SeatRecord(new_id(now), space.id, name, role, now + number, now, on_air=True, aired=True)
            await work.seats.add(seat)
        await work.flags.set(FLAG, space.id)
        return space
