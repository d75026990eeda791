"""The data folder in one installation's hands: two stages on one folder would write into the same recording.

Each role that keeps something there holds a lock for as long as its process lives, whatever ends it. It is
inherited: a child whose supervisor was killed still holds it, and a new start waits for the child to leave.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from hustings.base.clock import Clock
from hustings.base.errors import Conflict
from hustings.base.settings import CONTROL, STAGE, Settings, make_data_folder

KEEPERS = (CONTROL, STAGE)  # roles with something of their own in the folder
PATIENCE = 10.0  # seconds: what a killed supervisor's children have to leave
LOOK_EVERY = 0.1  # seconds


class DataFolderTaken(Conflict):
    """Another process serves the same role from the same folder."""

    code = "data_folder_taken"


async def hold_folder(settings: Settings, roles: Sequence[str], clock: Clock) -> list[int]:
    """Descriptors that hold the locks of `roles`; children get them too. Raises BadDataFolder, DataFolderTaken."""
    make_data_folder(settings.data)
    deadline = clock.monotonic() + PATIENCE
    return [await _hold(settings.data, role, deadline, clock) for role in roles if role in KEEPERS]


async def _hold(folder: Path, role: str, deadline: float, clock: Clock) -> int:
    lock = os.open(folder / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    while not _locked(lock):
        if clock.monotonic() >= deadline:
            os.close(lock)
            raise DataFolderTaken(
                f"Another Hustings is running from the data folder {folder}. Stop it, or choose another with --data."
            )
        await clock.sleep_until(clock.monotonic() + LOOK_EVERY)
    os.set_inheritable(lock, True)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
