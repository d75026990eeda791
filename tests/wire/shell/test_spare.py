"""Beside a role that nobody may wait for stands a process that has loaded everything and does nothing."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from tests.support.asgi import free_port
from tests.support.settling import until
from tests.support.stage import make_plan
from tests.support.town import children_of, eventually, role_of

from hustings.base.clock import SystemClock
from hustings.base.settings import STAGE
from hustings.server.lifeline import SPARE, TURN, Child
from hustings.server.supervisor import Place, Supervisor, role_command
from hustings.stage.plans import PlanShelf

T = TypeVar("T")

# A role that notes when it was loaded and when it began, and goes when its lifeline closes.
ROLE = f"""
import os, pathlib
def note(what): (folder / f"{{what}}-{{os.getpid()}}").touch()
folder = pathlib.Path(os.environ["NOTES"])
note("loaded")
if not os.environ.get("{SPARE}") or os.read(0, 1) == {TURN!r}:
    note("began")
    os.read(0, 1)
    note("left")
"""


class Notes:
    """What processes of the role wrote, by process id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, what: str) -> set[int]:
        return {int(path.name.split("-")[1]) for path in self._folder.glob(f"{what}-*")}


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


@asynccontextmanager
async def supervised(tmp_path: Path, *, spare_after: float = 0.0) -> AsyncIterator[Place]:
    supervisor = Supervisor(
        ("speaker",),
        {"NOTES": str(tmp_path)},
        SystemClock(),
        spared=("speaker",),
        spare_after=spare_after,
        command=lambda _: (sys.executable, "-S", "-c", ROLE),
    )
    running = asyncio.create_task(supervisor.run())
    try:
        yield supervisor.places[0]
    finally:
        supervisor.stop()
        assert await running == 0


async def eventual(look: Callable[[], T], what: str) -> T:
    """The first true answer of `look` at a process that has much to load."""
    return await asyncio.to_thread(eventually, look, within=40, what=what)


def pid(place: Place) -> int:
    return place.child.process.pid if place.child else 0


def waiting(place: Place) -> int:
    return place.spare.process.pid if place.spare else 0


def name_of(child: Child) -> str:
    return Path(f"/proc/{child.process.pid}/comm").read_text().strip()


def running() -> set[int]:
    return {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}


def stages(supervisor: int) -> set[int]:
    return {child for child in children_of(supervisor) if role_of(child) == STAGE}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def sockets(child: Child) -> int:
    """How many sockets the process has open."""
    links = Path(f"/proc/{child.process.pid}/fd").iterdir()
    return sum(link.readlink().name.startswith("socket:") for link in links)


async def both(place: Place, notes: Notes) -> tuple[int, int]:
    """The role's process and its spare, once both are loaded and the first has begun."""
    await until(lambda: pid(place) in notes.of("began") and waiting(place) in notes.of("loaded"))
    return pid(place), waiting(place)


async def test_the_spare_does_nothing_until_the_role_dies_and_then_is_the_role(tmp_path: Path, notes: Notes) -> None:
    async with supervised(tmp_path) as place:
        role, spare = await both(place, notes)
        assert notes.of("began") == {role}

        os.kill(role, signal.SIGKILL)
        await until(lambda: spare in notes.of("began"))
        assert pid(place) == spare

        again = await both(place, notes)
        assert again[0] == spare
        assert again[1] not in (role, spare)


async def test_a_spare_that_dies_is_replaced_and_the_role_goes_on(tmp_path: Path, notes: Notes) -> None:
    async with supervised(tmp_path) as place:
        role, spare = await both(place, notes)
        os.kill(spare, signal.SIGKILL)
        await until(lambda: waiting(place) not in (0, spare))
        again = await both(place, notes)

        assert again[0] == role
        assert notes.of("began") == {role}


async def test_a_role_that_dies_before_its_spare_is_there_is_started_anew(tmp_path: Path, notes: Notes) -> None:
    async with supervised(tmp_path, spare_after=3600) as place:
        await until(lambda: notes.of("began"))
        role = pid(place)
        os.kill(role, signal.SIGKILL)
        await until(lambda: len(notes.of("began")) == 2)
        await until(lambda: pid(place) not in (0, role))

        assert place.spare is None


async def test_a_role_and_its_spare_that_die_together_are_both_started_anew(tmp_path: Path, notes: Notes) -> None:
    async with supervised(tmp_path) as place:
        gone = await both(place, notes)
        for each in gone:
            os.kill(each, signal.SIGKILL)
        await until(lambda: notes.of("began") - set(gone))

        assert set(await both(place, notes)).isdisjoint(gone)


async def test_who_is_told_to_stop_leaves_no_spare(tmp_path: Path, notes: Notes) -> None:
    async with supervised(tmp_path) as place:
        role, spare = await both(place, notes)

    assert not {role, spare} & running()


@pytest.mark.timeout(120)
async def test_the_stages_spare_opens_and_writes_nothing_before_its_turn_and_then_carries_on_with_what_is_kept(
    tmp_path: Path,
) -> None:
    """Two of them: one whose supervisor goes, and one whose turn comes."""
    url = f"http://127.0.0.1:{free_port()}"
    shared = {**os.environ, "HUSTINGS_STAGE_URL": url, "HUSTINGS_CLUSTER_KEY": "key"}
    plan = msgspec.structs.replace(make_plan(), doors_at=time.time())
    spares = []
    for data in (tmp_path / "left", tmp_path / "taken"):
        PlanShelf(data / "stage").save(plan)
        spares.append(await Child.start(role_command(STAGE), {**shared, "HUSTINGS_DATA": str(data)}, (), spare=True))
    left, taken = spares
    left.hang_up()
    assert await left.wait() == 0
    await eventual(lambda: name_of(taken) == "stage spare", "the spare")
    assert files(tmp_path / "left") == files(tmp_path / "taken") == {f"{plan.id}.json"}
    assert sockets(taken) == 0

    assert taken.give_turn()
    await eventual(lambda: sockets(taken), "the stage's port")
    await eventual(lambda: len(files(tmp_path / "taken")) > 1, "the programme's record")
    assert name_of(taken) == "stage"
    taken.hang_up()
    assert await taken.wait() == 0


@pytest.mark.timeout(120)
async def test_a_stage_alone_has_somebody_who_starts_it_again_and_ends_with_it(tmp_path: Path) -> None:
    settings = {"HUSTINGS_STAGE_URL": f"http://127.0.0.1:{free_port()}", "HUSTINGS_CLUSTER_KEY": "key"}
    words = ("serve", "--roles", STAGE, "--data", str(tmp_path))
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hustings", *words, env=os.environ | settings
    )
    try:
        first = await eventual(lambda: stages(serving.pid), "the stage")
        os.kill(next(iter(first)), signal.SIGKILL)
        again = await eventual(lambda: stages(serving.pid) - first, "another stage")
    finally:
        serving.terminate()
        code = await serving.wait()

    assert code == 0
    assert not (first | again) & running()
