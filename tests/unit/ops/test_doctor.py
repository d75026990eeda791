import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from tests.support.asgi import free_port, serving

from hustings.base.clock import ManualClock, SystemClock
from hustings.base.grid import PART
from hustings.base.settings import Settings, note_address
from hustings.broadcast.encoder import FlacEncoder
from hustings.clients.media import read_voice
from hustings.ops import database, doctor, machine, media, network
from hustings.ops.finding import Finding, Health
from hustings.sample.runner import VOICES
from hustings.store.schema import newest

CLOCK = SystemClock()


def healths(findings: list[Finding]) -> list[Health]:
    return [finding.health for finding in findings]


def test_every_fault_and_warning_says_what_to_do(tmp_path: Path) -> None:
    findings = doctor.examine(Settings(data=tmp_path, port=0, media_ports="1-x"), CLOCK)

    assert Health.FAULT in healths(findings)
    assert all(finding.cure for finding in findings if finding.health is not Health.WELL)


def test_what_is_to_be_done_comes_first() -> None:
    told = doctor.lines(
        [Finding("disk", Health.WELL, "9 GB"), Finding("port", Health.FAULT, "taken", "choose another")]
    )

    assert told == ["fault    port: taken", "         hint: choose another", "well     disk: 9 GB"]


def test_warnings_let_a_conversation_happen_and_faults_do_not() -> None:
    assert doctor.well([Finding("a", Health.WELL, ""), Finding("b", Health.WARNING, "", "x")])
    assert not doctor.well([Finding("c", Health.FAULT, "", "x")])


@pytest.mark.parametrize("voice", VOICES)
def test_a_voice_in_a_room_fills_no_more_disk_than_is_told(voice: Path) -> None:
    said = read_voice(voice)[: 10 * PART]
    room = np.random.default_rng(7).normal(0, 0.002, said.size)

    packets = FlacEncoder().encode((said + room).astype(np.float32))

    assert sum(map(len, packets)) < machine.FLAC_SHARE * 2 * said.size


def test_the_codecs_are_there() -> None:
    assert set(healths(list(machine.check_codecs(Settings(), CLOCK)))) == {Health.WELL}


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert healths(list(machine.check_data(Settings(data=tmp_path / "file" / "x"), CLOCK))) == [Health.FAULT]


def test_a_folder_that_is_not_there_yet_is_looked_at_from_above_and_not_made(tmp_path: Path) -> None:
    assert set(healths(list(machine.check_data(Settings(data=tmp_path / "a" / "b"), CLOCK)))) == {Health.WELL}
    assert not list(tmp_path.iterdir())


def set_revision(settings: Settings, revision: str) -> None:
    with closing(sqlite3.connect(settings.database())) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        connection.commit()


def test_the_databases_revision_is_told_and_only_a_newer_or_damaged_one_is_a_fault(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    (none,) = database.check_database(settings, CLOCK)
    assert not list(tmp_path.iterdir())
    set_revision(settings, newest())
    (current,) = database.check_database(settings, CLOCK)
    set_revision(settings, "0001")
    (older,) = database.check_database(settings, CLOCK)
    set_revision(settings, "9999")
    (newer,) = database.check_database(settings, CLOCK)
    settings.database().write_bytes(b"no database at all" * 100)
    (damaged,) = database.check_database(settings, CLOCK)

    assert healths([none, current, older]) == [Health.WELL] * 3
    assert "0001" in older.told
    assert newest() in older.told
    assert healths([newer, damaged]) == [Health.FAULT] * 2


def test_a_clock_before_its_own_files_is_a_fault() -> None:
    assert healths(list(machine.check_clock(Settings(), ManualClock(now=1_000.0)))) == [Health.FAULT]
    assert Health.FAULT not in healths(list(machine.check_clock(Settings(), CLOCK)))


@pytest.mark.parametrize(
    ("ports", "health"),
    [("", Health.WELL), ("ten", Health.FAULT), ("9-2", Health.FAULT), ("1-70000", Health.FAULT)],
)
def test_a_range_of_ports_is_read_or_refused(ports: str, health: Health) -> None:
    assert healths(list(media.check_media(Settings(media_ports=ports), CLOCK))) == [health]


def test_a_range_too_small_for_a_full_stage_is_a_warning_and_a_taken_one_a_fault() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("0.0.0.0", 0))
        port = held.getsockname()[1]
        assert healths(list(media.check_media(Settings(media_ports=str(port)), CLOCK))) == [Health.FAULT]

    assert healths(list(media.check_media(Settings(media_ports=str(port)), CLOCK))) == [Health.WARNING]


def test_a_port_that_another_program_holds_is_a_fault_and_a_free_one_is_not() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(0)
        port = held.getsockname()[1]
        held.settimeout(0)
        taken = list(network.check_front_door(Settings(port=port), CLOCK))
    free = list(network.check_front_door(Settings(port=port), CLOCK))

    assert healths(taken) == [Health.FAULT]
    assert healths(free) == [Health.WELL]


async def test_the_server_of_the_folder_is_looked_at_where_no_port_is_told(tmp_path: Path) -> None:
    async with serving(PlainTextResponse("ok")) as base:
        note_address(Settings(data=tmp_path, public_url=base))
        found = await asyncio.to_thread(lambda: list(network.check_front_door(Settings(data=tmp_path), CLOCK)))
        elsewhere = Settings(data=tmp_path, port=free_port())
        told = await asyncio.to_thread(lambda: list(network.check_front_door(elsewhere, CLOCK)))

    assert [finding.subject for finding in found] == ["front door", "control", "stage"]
    assert found[0].told == f"answers at {base}"
    assert "nothing is running" in told[0].told


def test_a_role_that_does_not_answer_is_named() -> None:
    settings = Settings(control_url="http://127.0.0.1:9", stage_url="http://127.0.0.1:9", cluster_key="k")

    assert [finding.subject for finding in network.check_links(settings, CLOCK)] == [
        "link to control",
        "link to stage",
    ]
    assert not list(network.check_links(Settings(), CLOCK))


def test_looking_for_the_cluster_key_makes_none(tmp_path: Path) -> None:
    settings = Settings(control_url="http://127.0.0.1:9", data=tmp_path)

    assert healths(list(network.check_links(settings, CLOCK))) == [Health.FAULT]
    assert not list(tmp_path.iterdir())
