"""A stage whose disk is full: what it is told is acted on, and what it could not keep it does not say it has."""

from pathlib import Path

import pytest
from tests.support.disks import small_disk
from tests.support.stage import Town, make_plan, seat

from hustings.stage.plans import PlanNotKept


async def test_a_plan_that_the_disk_refuses_is_acted_on_and_kept_when_it_is_sent_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        town = Town(disk.folder)
        await town.rooms.put(make_plan(seat("ada")))
        disk.fill()

        guests = make_plan(seat("ada"), seat("ben"), revision=2)
        for _ in range(2):
            with pytest.raises(PlanNotKept) as refusal:
                await town.rooms.put(guests)
        assert (refusal.value.status, refusal.value.code) == (507, "disk_full")
        assert (await town.rooms.authorise("space1", town.token("ben"))).seat == "ben"
        assert [plan.revision for plan in town.shelf.load()] == [1]

        disk.clear()
        await town.rooms.put(guests)
        assert town.shelf.load() == [guests]
        await town.rooms.close()
