"""Plans on disk, and where the programme stands: what a restarted stage carries on with, asking nobody.

A file is replaced whole or not at all, and is on the disk before control is told so. It blocks; call it off the
event loop. One that cannot be read is left where it is and told, never guessed at.
"""

import os
import re
from pathlib import Path

import msgspec
import structlog

from hustings.base.errors import Invalid, Unavailable
from hustings.documents.space import SpacePlan

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")


class BadPlan(Invalid):
    """A plan that does not read, or whose id is no file name."""

    code = "bad_plan"


class PlanNotKept(Unavailable):
    """The disk took no plan: it is acted on, and lost with this run of the stage unless it is sent again."""

    code = "disk_full"
    status = 507  # Insufficient Storage, RFC 4918 11.5
    patience = 10.0


class Origin(msgspec.Struct):
    """When sample 0 of a programme was, on the machine's monotonic clock, which nobody sets."""

    boot: str  # the start of the machine that the clock counts from
    at: float  # seconds


def check_id(space: str) -> str:
    """The attack it stops: an id that climbs out of the folder."""
    if not _NAME.fullmatch(space):
        raise BadPlan("A Space's id holds letters, digits, - and _ only, 64 at most.")
    return space


class PlanShelf:
    """One file a Space, and a second once its programme has begun. `boot` names the machine's time since its start;
    without it no origin is known again."""

    def __init__(self, folder: Path, boot: str = "") -> None:
        self._folder = folder
        self._boot = boot

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
        """Raises PlanNotKept when the disk will not have it."""
        try:
            self._replace(self._path(plan.id), msgspec.json.encode(plan))
        except OSError as error:
            log.warning("plan refused by the disk", errno=error.errno)
            raise PlanNotKept(
                "The stage's disk takes no more. What is live goes on; free some room on it."
            ) from error

    def save_origin(self, space: str, at: float) -> None:
        """Raises OSError: without it a restart goes by the wall clock, which is right unless it was set meanwhile."""
        self._replace(self._origin_path(space), msgspec.json.encode(Origin(self._boot, at)))

    def origin(self, space: str) -> float | None:
        """What was saved, if the machine has not been started anew since."""
        try:
            kept = msgspec.json.decode(self._origin_path(space).read_bytes(), type=Origin)
        except (OSError, msgspec.DecodeError):
            return None
        return kept.at if self._boot and kept.boot == self._boot else None

    def _replace(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self._sync()

    def drop(self, space: str) -> None:
        self._path(space).unlink(missing_ok=True)
        self._origin_path(space).unlink(missing_ok=True)
        if self._folder.is_dir():
            self._sync()

    def _path(self, space: str) -> Path:
        return self._folder / f"{check_id(space)}.json"

    def _origin_path(self, space: str) -> Path:
        return self._folder / f"{check_id(space)}.origin"

    def _sync(self) -> None:
        """Make the folder's own entry last."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
