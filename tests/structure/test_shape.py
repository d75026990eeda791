"""The shape of every module, function and test."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = sorted(path for folder in ("src", "bench", "tools") for path in Path(folder).rglob("*.py"))
TESTS = sorted(Path("tests").rglob("*.py"))
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function))


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in map(Path, names) if path.is_file()]


def test_nothing_is_a_link() -> None:
    """One would lead to a place of some machine, or follow nowhere in a copy."""
    entries = subprocess.run(["git", "ls-files", "--stage"], capture_output=True, text=True, check=True).stdout
    assert [line for line in entries.splitlines() if line.startswith("120000")] == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_says_why_it_exists(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=str)
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=str)
def test_a_function_is_short_enough_to_be_read(path: Path) -> None:
    long = [f"{node.name}: {length}" for node in functions(path) if (length := _length(node)) > LONGEST_FUNCTION]

    assert not long


def _length(node: Function) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    inside = [
        f"{function.name}: line {node.lineno}"
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert not inside


@pytest.mark.parametrize("path", TESTS, ids=str)
def test_a_test_waits_for_events_and_not_by_the_clock(path: Path) -> None:
    waits = [line for line in path.read_text().splitlines() if re.search(r"\bsleep\((?!0\))", line)]

    assert not waits


def test_no_tracked_file_names_this_machine_or_a_package_host() -> None:
    here = str(Path.cwd().parent) + "/"
    fetched = r"(\.whl|\.tar\.gz)"
    resolved = re.compile(rf'"resolved"\s*:\s*"https?|index[-_]url\s*=|(url|path)\s*=\s*"https?[^"]*{fetched}')
    named = [
        str(path)
        for path in tracked()
        if path.suffix not in {".opus", ".png", ".flac", ".wav"}
        and (here in (text := path.read_text(errors="replace")) or resolved.search(text))
        and path != Path(__file__).relative_to(Path.cwd())
    ]

    assert not named
