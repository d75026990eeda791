"""One installation on one data folder."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.settling import until

from hustings.base.clock import ManualClock
from hustings.base.settings import ALL_ROLES, CONTROL, EDGE, STAGE, BadDataFolder, Settings
from hustings.server.folder import DataFolderTaken, hold_folder


def free(locks: list[int]) -> None:
    for lock in locks:
        os.close(lock)


async def taken(settings: Settings, *roles: str) -> None:
    clock = ManualClock()
    second = asyncio.create_task(hold_folder(settings, roles, clock))
    await until(second.done, each_turn=lambda: clock.advance(1.0))
    with pytest.raises(DataFolderTaken, match="Stop it, or choose another"):
        second.result()


async def test_a_second_installation_is_refused_and_other_roles_are_not(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    control = await hold_folder(settings, [CONTROL], ManualClock())
    await taken(settings, *ALL_ROLES)

    beside = await hold_folder(settings, [STAGE, EDGE], ManualClock())
    await taken(settings, STAGE)
    free(control + beside)


async def test_a_folder_that_is_given_up_is_taken_at_once_or_waited_for(tmp_path: Path) -> None:
    settings, clock = Settings(data=tmp_path), ManualClock()
    free(await hold_folder(settings, ALL_ROLES, clock))
    first = await hold_folder(settings, ALL_ROLES, clock)

    waiting = asyncio.create_task(hold_folder(settings, ALL_ROLES, clock))
    await asyncio.sleep(0)
    assert not waiting.done()
    free(first)
    await until(waiting.done, each_turn=lambda: clock.advance(0.2))

    free(await waiting)


@pytest.mark.parametrize("folder", ["/etc/passwd", "/proc/nothing/here"])
async def test_what_cannot_be_a_data_folder_is_named_in_a_sentence(folder: str) -> None:
    with pytest.raises(BadDataFolder, match=r"cannot be used .* Choose another"):
        await hold_folder(Settings(data=Path(folder)), ALL_ROLES, ManualClock())
