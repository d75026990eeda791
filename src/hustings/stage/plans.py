"""Plans on disk: what a restarted stage carries on with, asking nobody.

A file is replaced whole or not at all, and is on the disk before control is told so. It blocks; call it off the
event loop. One that cannot be read is left where it is and told, never guessed at.
"""

import os
import re
from pathlib import Path

import msgspec
import structlog

from hustings.base.errors import Invalid
from hustings.documents.space import SpacePlan

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


class BadPlan(Invalid):
    """A plan that does not read, or whose id is no file name."""

    code = "bad_plan"


def check_id(space: str) -> str:
    """The attack it stops: an id that climbs out of the folder."""
    if not _NAME.fullmatch(space):
        raise BadPlan("A Space's id holds letters, digits, - and _ only, 64 at most.")
    return space


class PlanShelf:
    """One file a Space."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[SpacePlan]:
        if not self._folder.is_dir():
            return []
        return [plan for path in sorted(self._folder.glob("*.json")) if (plan := self._read(path)) is not None]

    def _read(self, path: Path) -> SpacePlan | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=SpacePlan)
        except (OSError, msgspec.DecodeError):
            log.exception("plan not readable", file=path.name)
            return None

    def save(self, plan: SpacePlan) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(plan.id)
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(plan))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self._sync()

    def drop(self, space: str) -> None:
        self._path(space).unlink(missing_ok=True)
        if self._folder.is_dir():
            self._sync()

    def _path(self, space: str) -> Path:
        return self._folder / f"{check_id(space)}.json"

    def _sync(self) -> None:
        """Make the folder's own entry last."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
