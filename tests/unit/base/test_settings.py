import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from hustings.base.settings import Settings, read_cluster_key


def test_a_flag_wins_over_the_environment_and_that_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUSTINGS_PORT", "9000")
    monkeypatch.setenv("HUSTINGS_HOST", "0.0.0.0")

    settings = Settings(port=9001)

    assert (settings.port, settings.host, settings.data) == (9001, "0.0.0.0", Path("data"))


def test_the_address_is_what_people_type() -> None:
    assert Settings(port=9000, public_url="").address() == "http://localhost:9000"
    assert Settings(public_url="https://town.example/").address() == "https://town.example"


@pytest.mark.parametrize(
    ("host", "door"),
    [
        ("127.0.0.1", "http://127.0.0.1:9000"),
        ("0.0.0.0", "http://127.0.0.1:9000"),
        ("::", "http://[::1]:9000"),
        ("::1", "http://[::1]:9000"),
        ("town.example", "http://town.example:9000"),
    ],
)
def test_the_door_is_an_address_this_machine_can_call(host: str, door: str) -> None:
    assert Settings(host=host, port=9000).door() == door


def test_lists_may_have_spaces_after_their_commas() -> None:
    assert Settings(trusted_proxies="10.0.0.1, ::1,").trusted() == ["10.0.0.1", "::1"]


def test_the_store_is_in_the_data_folder_unless_told(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).store_url() == f"sqlite+aiosqlite:///{tmp_path}/hustings.db"
    assert Settings(database_url="postgresql://x").store_url() == "postgresql://x"


@pytest.mark.parametrize("port", [-1, 65_536, "eighty"])
def test_a_setting_that_cannot_be_is_refused(port: object) -> None:
    with pytest.raises(ValidationError):
        Settings(port=port)


def test_the_cluster_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new")

    first, second = read_cluster_key(settings), read_cluster_key(settings)

    assert first == second
    assert len(first) == 64
    assert stat.S_IMODE((tmp_path / "new" / "cluster.key").stat().st_mode) == 0o600


def test_a_given_cluster_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert read_cluster_key(Settings(data=tmp_path, cluster_key="given")) == "given"
    assert not list(tmp_path.iterdir())
