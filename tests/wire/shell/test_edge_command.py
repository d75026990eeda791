"""`hustings edge`: listeners of a town are served on another port, and hear the town's word."""

from pathlib import Path

from tests.support.town import Town


def test_without_the_towns_key_it_says_where_the_key_is(tmp_path: Path) -> None:
    done = Town(tmp_path / "town").run("edge", "--origin", "http://localhost:9")
    assert done.returncode == 1
    assert "HUSTINGS_CLUSTER_KEY is not set" in done.stderr
    assert "cluster.key" in done.stderr


def test_an_origin_that_is_no_address_is_refused(tmp_path: Path) -> None:
    done = Town(tmp_path / "town").run("edge", "--origin", "ftp://town.example")
    assert done.returncode == 2
    assert "is not the address of a town" in done.stderr
