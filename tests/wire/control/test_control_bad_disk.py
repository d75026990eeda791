"""A database that cannot be written: clear answers in bounded time, and whatever was answered well is there."""

import asyncio
import sqlite3
from pathlib import Path

from tests.support.control import World, new_space
from tests.support.disks import small_disk

PATIENCE = 300  # ms that control waits for another connection


async def test_on_a_full_disk_writes_are_refused_clearly_reads_go_on_and_nothing_answered_is_lost(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk:
        world = World(disk.folder)
        await world.control.open()
        async with world.stack:
            host = await world.program("ada")
            kept = [(await new_space(host))["id"]]
            disk.fill()
            for _ in range(200):
                answer = await host.post("/api/v1/spaces", json={"title": "One more"})
                if answer.status_code != 201:
                    break
                kept.append(answer.json()["id"])
            assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
            assert "disk is full" in answer.json()["error"]
            assert int(answer.headers["retry-after"]) > 0
            assert (await host.get(f"/api/v1/spaces/{kept[-1]}")).status_code == 200

            disk.clear()
            kept.append((await new_space(host))["id"])
            await world.restart()
            for space in kept:
                assert (await host.get(f"/api/v1/spaces/{space}")).status_code == 200
        await world.control.close()


async def test_while_another_holds_the_database_a_queue_of_writes_is_refused_soon_and_reads_go_on(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, busy_timeout=PATIENCE)
    await world.control.open()
    async with world.stack:
        host = await world.program("ada")
        space = (await new_space(host))["id"]
        other = sqlite3.connect(tmp_path / "hustings.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        loop = asyncio.get_running_loop()
        began = loop.time()
        answers = await asyncio.gather(*(host.post("/api/v1/spaces", json={"title": "Now"}) for _ in range(12)))
        took = loop.time() - began
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "store_locked")}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert took < 6 * PATIENCE / 1000  # one after the other they would take twelve times as long
        assert (await host.get(f"/api/v1/spaces/{space}")).status_code == 200

        other.execute("ROLLBACK")
        other.close()
        later = (await new_space(host))["id"]
        await world.restart()
        for each in (space, later):
            assert (await host.get(f"/api/v1/spaces/{each}")).status_code == 200
    await world.control.close()
