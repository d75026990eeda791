"""What `hustings config` writes is taken by the programs it is for."""

import subprocess
from pathlib import Path

import pytest
from tests.support.certificates import certificate
from tests.support.needs import need_programs
from tests.support.nginx import prepare

from hustings.ops.deployment import BadDeployment, Deployment, Kind

EDGES = ("127.0.0.1:8000", "192.0.2.7:8000")


@pytest.fixture
def town(tmp_path: Path) -> Deployment:
    command = tmp_path / "hustings"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return Deployment("town.example", command, tmp_path / "data", EDGES, cache=tmp_path / "cache")


def checked(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def test_nginx_takes_its_configuration(tmp_path: Path, town: Deployment) -> None:
    checked(*prepare(tmp_path / "nginx", town.written(Kind.NGINX)), "-t")


def test_nginx_takes_its_configuration_with_a_certificate(tmp_path: Path, town: Deployment) -> None:
    files = certificate(tmp_path, "town.example")
    secured = Deployment(
        "town.example", town.command, town.data, EDGES, files.file, files.key, cache=tmp_path / "cache"
    )
    written = secured.written(Kind.NGINX)
    assert "listen 443 ssl http2;" in written
    checked(*prepare(tmp_path / "nginx", written), "-t")


def test_nginx_refuses_what_is_no_configuration(tmp_path: Path, town: Deployment) -> None:
    with pytest.raises(AssertionError):
        checked(*prepare(tmp_path / "nginx", town.written(Kind.NGINX).replace("proxy_pass", "proxy_parse")), "-t")


@pytest.mark.parametrize("secured", [False, True])
def test_caddy_takes_its_configuration(
    tmp_path: Path, town: Deployment, monkeypatch: pytest.MonkeyPatch, *, secured: bool
) -> None:
    need_programs("caddy")
    monkeypatch.setenv("HOME", str(tmp_path))
    files = certificate(tmp_path, "town.example")
    given = (files.file, files.key) if secured else (None, None)
    file = tmp_path / "Caddyfile"
    file.write_text(Deployment("town.example", town.command, town.data, EDGES, *given).written(Kind.CADDY))
    checked("caddy", "validate", "--config", file, "--adapter", "caddyfile")


@pytest.mark.parametrize("kind", [Kind.SYSTEMD, Kind.SYSTEMD_EDGE])
def test_systemd_takes_its_units(tmp_path: Path, town: Deployment, kind: Kind) -> None:
    need_programs("systemd-analyze")
    unit = tmp_path / "hustings.service"
    unit.write_text(town.written(kind))
    checked("systemd-analyze", "verify", "--man=no", unit)


def test_the_containers_steps_are_shell_and_copy_what_is_there(tmp_path: Path, town: Deployment) -> None:
    written = town.written(Kind.CONTAINER).replace("\\\n", " ")
    steps = [line.split(" ", 1) for line in written.splitlines() if line and not line.startswith("#")]
    assert [word for word, _ in steps].count("FROM") == 2
    for word, rest in steps:
        if word == "RUN":
            checked("sh", "-n", "-c", rest)
    assert ["RUN", "make setup"] in steps


def test_words_that_would_break_out_of_a_configuration_are_refused(town: Deployment) -> None:
    with pytest.raises(BadDeployment):
        Deployment("town.example; include /etc/passwd", town.command, town.data)
    with pytest.raises(BadDeployment):
        Deployment("town.example", town.command, town.data, certificate=Path("/c.pem"))
