"""docs/ builds into pages: every link and anchor leads somewhere, and a page fetches nothing from anybody else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.needs import need_modules

FETCHED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\s\">]+)")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    need_modules("zensical")
    shutil.copytree("docs", tmp_path / "docs")
    shutil.copy("zensical.toml", tmp_path)
    return tmp_path


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=50)


def test_every_document_becomes_a_page_that_fetches_nothing_from_elsewhere(copy: Path) -> None:
    done = build(copy)

    assert done.returncode == 0, done.stdout + done.stderr
    for document in (copy / "docs").rglob("*.md"):
        page = (copy / "dist" / "docs" / document.relative_to(copy / "docs")).with_suffix(".html").read_text()
        assert FETCHED.findall(page) == []


@pytest.mark.parametrize("link", ["guides/nowhere.md", "guides/operating.md#nothing-of-the-kind"])
def test_a_link_that_leads_nowhere_fails_the_build(copy: Path, link: str) -> None:
    with (copy / "docs" / "index.md").open("a") as file:
        file.write(f"\n[There]({link})\n")

    assert build(copy).returncode != 0


def test_the_first_page_leads_to_every_other() -> None:
    listed = set(re.findall(r"\]\(([^)]+)\)", Path("docs/index.md").read_text()))

    assert listed == {str(page.relative_to("docs")) for page in Path("docs").glob("*/*.md")}
