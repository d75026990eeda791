"""A data folder into an archive and back: all of it, only whole, only where nothing is overwritten."""

import hashlib
import json
import sqlite3
import tarfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.support.disks import small_disk

from hustings.base.clock import ManualClock
from hustings.base.settings import Settings, note_address, read_cluster_key
from hustings.broadcast import manifest
from hustings.broadcast.disk import Reserve
from hustings.ops import backup
from hustings.ops.archive import MANIFEST, BadArchive, Contents, FolderNotEmpty, NotBackedUp, Told
from hustings.ops.backup import back_up
from hustings.ops.restore import ARRIVING, restore
from hustings.store.schema import newest

SOUND = bytes(range(256)) * 8_000  # 2 MB


def quiet(done: int, total: int, what: str) -> None:
    """Hears the progress and does nothing."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with a bit of everything that it keeps, and of everything that it does not."""
    settings = Settings(data=tmp_path / "town")
    read_cluster_key(settings)
    note_address(settings)
    with closing(sqlite3.connect(settings.database())) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (newest(),))
        connection.commit()
    space = settings.recordings() / "space"
    files = {
        settings.uploads() / "music.mp3": b"music",
        settings.stage_state() / "space.json": b"{}",
        settings.stage_state() / "space.new": b"half a plan",
        space / manifest.NAME: b"{}",
        space / "replay.m3u8": b"#EXTM3U",
        space / "a-take-1-programme.flac": SOUND,
        space / Reserve.NAME: b"0" * 4096,
        settings.recordings() / ".deleted-other" / "take.flac": b"gone",
        settings.data / "stage.lock": b"",
        settings.data / "copies" / "0001.db": b"old",
    }
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return settings


KEPT = {
    "cluster.key", "hustings.db", "uploads/music.mp3", "stage/space.json",
    "recordings/space/manifest.json", "recordings/space/replay.m3u8", "recordings/space/a-take-1-programme.flac",
}  # fmt: skip


def backed_up(settings: Settings, *, told: Told = quiet, recordings: bool = True) -> tuple[Path, Contents]:
    return back_up(settings, ManualClock(now=1_000_000.0), settings.data.parent, told, recordings=recordings)


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_kept_comes_back_as_it_was_and_what_is_of_a_run_does_not(settings: Settings, tmp_path: Path) -> None:
    archive, contents = backed_up(settings)
    restored = tmp_path / "restored"

    assert restore(archive, restored, quiet) == contents
    assert {file.name for file in contents.files} == below(restored) == KEPT
    for name in KEPT - {"hustings.db"}:
        assert (restored / name).read_bytes() == (settings.data / name).read_bytes()
    with closing(sqlite3.connect(restored / "hustings.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (newest(),)
    assert (contents.schema, contents.made_at, contents.recordings) == (newest(), 1_000_000.0, True)


def test_an_archive_holds_keys_so_only_its_owner_reads_it_and_a_restored_key_too(
    settings: Settings, tmp_path: Path
) -> None:
    archive, _ = backed_up(settings)
    restore(archive, tmp_path / "restored", quiet)

    assert archive.name == "hustings-19700112-134640.tar"
    assert archive.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "restored" / "cluster.key").stat().st_mode & 0o777 == 0o600


def test_recordings_can_be_left_out(settings: Settings) -> None:
    _, contents = backed_up(settings, recordings=False)

    assert {file.name for file in contents.files} == {name for name in KEPT if not name.startswith("recordings/")}


def test_progress_is_told_in_bytes_of_all_bytes(settings: Settings) -> None:
    told: list[tuple[int, int, str]] = []

    _, contents = backed_up(settings, told=lambda *one: told.append(one))

    assert {total for _, total, _ in told} == {contents.size}
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == contents.size
    assert {what for _, _, what in told} == {"database", "cluster.key", "recordings", "stage", "uploads"}


def test_what_grows_or_goes_while_it_is_copied_is_taken_as_far_as_it_was(settings: Settings, tmp_path: Path) -> None:
    growing = settings.recordings() / "space" / "a-take-1-programme.flac"
    leaving = settings.uploads() / "music.mp3"

    def live(_done: int, _total: int, what: str) -> None:
        leaving.unlink(missing_ok=True)
        if what == "recordings":
            with growing.open("ab") as file:
                file.write(b"said meanwhile")

    archive, _ = backed_up(settings, told=live)
    restore(archive, tmp_path / "restored", quiet)

    recording = (tmp_path / "restored" / "recordings" / "space" / growing.name).read_bytes()
    assert recording.startswith(SOUND)
    assert len(recording) < growing.stat().st_size
    assert below(tmp_path / "restored") == KEPT - {"uploads/music.mp3"}


def test_a_recordings_manifest_is_copied_before_the_takes_that_it_names(settings: Settings) -> None:
    _, contents = backed_up(settings)

    of_space = [file.name for file in contents.files if file.name.startswith("recordings/space/")]
    assert of_space[0] == "recordings/space/manifest.json"


def test_a_name_that_is_taken_is_refused_and_so_are_the_data_folder_itself_and_one_without_an_installation(
    settings: Settings, tmp_path: Path
) -> None:
    archive, _ = backed_up(settings)
    before = archive.read_bytes()

    with pytest.raises(NotBackedUp, match="already"):
        backed_up(settings)
    with pytest.raises(NotBackedUp, match="inside the data folder"):
        back_up(settings, ManualClock(), settings.data, quiet, recordings=True)
    with pytest.raises(NotBackedUp, match="no folder"):
        back_up(settings, ManualClock(), tmp_path / "no" / "a.tar", quiet, recordings=True)
    with pytest.raises(NotBackedUp, match="no installation"):
        back_up(Settings(data=tmp_path), ManualClock(), tmp_path.parent / "a.tar", quiet, recordings=True)
    with pytest.raises(NotBackedUp, match="no data folder"):
        back_up(Settings(data=tmp_path / "no"), ManualClock(), tmp_path, quiet, recordings=True)

    assert archive.read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path not in {archive, settings.data}]


def test_a_disk_without_room_is_told_of_before_anything_is_copied(settings: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        with pytest.raises(NotBackedUp, match=r"it needs 0\.0 GB.*to spare"):
            back_up(settings, ManualClock(), disk.folder, quiet, recordings=True)

        assert list(disk.folder.iterdir()) == []


def test_the_servers_own_disk_keeps_room_for_what_is_being_recorded(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "LEFT_FREE", 10**18)

    with pytest.raises(NotBackedUp, match="to spare"):
        backed_up(settings)


def test_a_disk_that_fills_meanwhile_is_left_without_half_an_archive(settings: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk:

        def fill(_done: int, _total: int, what: str) -> None:
            if what == "recordings" and not (disk.folder / "ballast").exists():
                disk.fill(leave=100_000)

        with pytest.raises(NotBackedUp, match="is full"):
            back_up(settings, ManualClock(), disk.folder, fill, recordings=True)

        assert [path.name for path in disk.folder.iterdir()] == ["ballast"]


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.999])
def test_an_archive_that_was_torn_off_is_refused_and_nothing_is_restored(
    settings: Settings, tmp_path: Path, kept: float
) -> None:
    archive, _ = backed_up(settings)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int((len(whole) - 10_240) * kept)])  # a tar ends in blocks of zeros

    with pytest.raises(BadArchive, match="not all of one"):
        restore(archive, tmp_path / "restored", quiet)

    assert not (tmp_path / "restored").exists()


def test_an_archive_of_which_a_bit_changed_is_refused_and_names_the_file(settings: Settings, tmp_path: Path) -> None:
    archive, _ = backed_up(settings)
    with tarfile.open(archive) as tar:
        place = tar.getmember("uploads/music.mp3").offset_data
    data = bytearray(archive.read_bytes())
    data[place] ^= 1
    archive.write_bytes(data)

    with pytest.raises(BadArchive, match=r"uploads/music\.mp3 is damaged"):
        restore(archive, tmp_path / "restored", quiet)

    assert below(tmp_path / "restored") == set()


def rewritten(archive: Path, *, extra: str = "", **changes: object) -> Path:
    """The archive with another manifest, and an empty file named `extra`."""
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member)) for member in tar]
        fresh = archive.with_name("rewritten.tar")
        with tarfile.open(fresh, "w") as out:
            for member, source in members:
                assert source is not None
                data = source.read()
                if member.name == MANIFEST:
                    data = json.dumps({**json.loads(data), **changes}).encode()
                member.size = len(data)
                out.addfile(member, BytesIO(data))
            if extra:
                out.addfile(tarfile.TarInfo(extra))
    return fresh


@pytest.mark.parametrize("newer", [{"schema": "9999"}, {"format": 2}])
def test_an_archive_of_a_newer_program_is_refused_with_what_to_install(
    settings: Settings, tmp_path: Path, newer: dict[str, Any]
) -> None:
    archive, _ = backed_up(settings)

    with pytest.raises(BadArchive, match=r"of a newer Hustings, 7\.0.*Install 7\.0"):
        restore(rewritten(archive, version="7.0", **newer), tmp_path / "restored", quiet)
    assert not (tmp_path / "restored").exists()
    restore(rewritten(archive, version="7.0"), tmp_path / "restored", quiet)


def naming(archive: Path, name: str, *, held: bool) -> Path:
    """An archive whose manifest names one empty file, which is in it or is not."""
    nothing = {"name": name, "size": 0, "sha256": hashlib.sha256().hexdigest()}
    return rewritten(archive, extra=name if held else "", files=[nothing])


@pytest.mark.parametrize(("name", "held"), [("../outside", True), ("/outside-of-it", True), ("inside", False)])
def test_an_archive_that_names_what_it_does_not_hold_or_what_lies_elsewhere_is_refused(
    settings: Settings, tmp_path: Path, name: str, held: bool
) -> None:
    archive, _ = backed_up(settings)

    with pytest.raises(BadArchive, match=f"does not hold {name}"):
        restore(naming(archive, name, held=held), tmp_path / "restored", quiet)
    restore(naming(archive, "inside", held=True), tmp_path / "other", quiet)

    assert below(tmp_path / "restored") == set()
    assert below(tmp_path / "other") == {"inside"}
    assert not Path("/outside-of-it").exists()


def test_a_folder_with_files_in_it_is_refused_and_left_as_it_was_and_a_restoration_cut_off_is_begun_anew(
    settings: Settings, tmp_path: Path
) -> None:
    archive, _ = backed_up(settings)
    before = below(settings.data)

    with pytest.raises(FolderNotEmpty):
        restore(archive, settings.data, quiet)
    assert below(settings.data) == before

    cut_off = tmp_path / "cut" / ARRIVING
    cut_off.mkdir(parents=True)
    (cut_off / "hustings.db").touch()
    restore(archive, tmp_path / "cut", quiet)
    assert below(tmp_path / "cut") == KEPT


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("nothing of the kind")

    for archive in ("a.tar", "missing.tar"):
        with pytest.raises(BadArchive, match=archive):
            restore(tmp_path / archive, tmp_path / "restored", quiet)
