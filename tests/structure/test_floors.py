"""The floors and addresses of ARCHITECTURE.md hold."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

SOURCE = Path("src/hustings")
ADDRESSES = {
    "av": {
        "broadcast/decode.py",
        "broadcast/encoder.py",
        "broadcast/packager.py",
        "clients/media.py",
    },
    "aiortc": {"clients/peer.py", "stage/transport.py"},
    "aioice": {"stage/transport.py", "clients/relay.py"},
    "pylibsrtp": {"stage/srtp.py"},
    "ctypes": {"base/memory.py", "stage/opus.py"},
    "argon2": {"square/passwords.py"},
    "itsdangerous": {"base/sealing.py"},
    "granian": {"base/serving.py"},
}


def imported_by(path: Path) -> set[str]:
    """The top-level packages a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_every_import_goes_down_and_no_folder_is_without_a_floor(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(no_cache=True)

    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize("package", ADDRESSES)
def test_a_foreign_library_lives_at_its_named_addresses_only(package: str) -> None:
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if package in imported_by(path)}

    assert found == ADDRESSES[package]


def test_only_the_clock_reads_the_time() -> None:
    readers = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if "time" in imported_by(path)}

    assert readers == {"base/clock.py"}
