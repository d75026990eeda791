"""What the documents say is so."""

import re
import tomllib
from pathlib import Path
from typing import cast

import pytest
from tools import write_reference

from hustings.base.clock import ManualClock
from hustings.base.settings import Settings
from hustings.documents.distinct import LG_K
from hustings.documents.turnout import WITHIN, Turnout
from hustings.edge.audience import MOST_PAGES, REPORTS
from hustings.stage.commands import BadCommand, NobodyThere, NoDelay, NotDirecting, command_routes
from hustings.stage.private import CheckOnAir, NothingToCheck
from hustings.stage.rooms import Rooms

SOURCE = Path("src/hustings")
PAGES = sorted([*Path().glob("*.md"), *Path("docs").rglob("*.md")])


def test_the_architecture_names_exactly_the_folders_there_are() -> None:
    named = set(re.findall(r"^\| `(\w+)/` \|", Path("ARCHITECTURE.md").read_text(), re.MULTILINE))
    there = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert named == there


def test_the_architecture_fits_one_page() -> None:
    assert len(Path("ARCHITECTURE.md").read_text().splitlines()) <= 90


@pytest.mark.parametrize("page", write_reference.PAGES)
def test_the_reference_is_what_the_code_says(page: str) -> None:
    assert Path(page).read_text() == write_reference.PAGES[page](), "run: make reference"


def test_every_setting_is_described() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_every_make_command_in_a_document_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"\bmake ([a-z-]+)", _code(page.read_text()))}

    assert {"run", "test", "bench", "setup"} <= named
    assert named <= targets


def test_every_command_in_a_document_is_on_the_command_line() -> None:
    known = set(write_reference.commands())
    text = "\n".join(_code(page.read_text()) for page in PAGES)
    named = set(re.findall(r"\bhustings ((?:account )?[a-z]+)\b", text))

    assert {"serve", "speak", "listen", "doctor", "account create"} <= named
    assert named <= known


def test_what_a_guide_says_to_press_is_on_a_page() -> None:
    pages = " ".join(path.read_text() for path in Path("web/src").rglob("*") if path.suffix in {".svelte", ".ts"})
    named = {
        word for page in Path("docs/guides").glob("*.md") for word in re.findall(r"\*\*([^*]+)\*\*", page.read_text())
    }

    assert {"Go live", "Open the doors"} <= named
    assert not [word for word in named if word not in pages]


def test_the_readme_lists_every_guide() -> None:
    listed = set(re.findall(r"^- \[[^]]+\]\((docs/guides/[^)]+)\)", Path("README.md").read_text(), re.MULTILINE))

    assert listed == {str(guide) for guide in Path("docs/guides").glob("*.md")}


def test_the_desks_guide_names_every_command_and_every_refusal_there_is() -> None:
    guide = Path("docs/guides/the-desk.md").read_text()
    named = set(re.findall(r"^POST /api/v1/spaces/ID(/desk/\w+)", guide, re.MULTILINE))
    refusals = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", guide, re.MULTILINE))
    errors = [BadCommand, CheckOnAir, NoDelay, NobodyThere, NotDirecting, NothingToCheck]

    routes = command_routes(cast(Rooms, None), ManualClock())
    assert named == {route.path.removeprefix("/api/v1/spaces/{space}") for route in routes}
    assert refusals == {error.code: str(error.status) for error in errors}


def test_what_is_told_of_the_audience_is_documented_key_by_key() -> None:
    told = Path("docs/concepts/counting.md").read_text()

    assert re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE) == list(Turnout.__struct_fields__)
    for figure in (f"`lg_k` {LG_K}", f"{WITHIN:.0f} seconds", f"{REPORTS} reports a second", f"{MOST_PAGES:,} pages"):
        assert figure in told


def _code(text: str) -> str:
    """What stands in backticks or code blocks."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    return "\n".join(blocks + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())

    assert not [link for link in links if not (page.parent / link).exists()]


def test_locked_requirements_have_hashes_and_no_addresses() -> None:
    for path in Path("requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert len(re.findall(r"^\S+==", text, re.MULTILINE)) <= text.count("--hash=sha256:")


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    locked = Path("requirements/run.txt").read_text()
    names = [re.split(r"[\[><=~ ]", told)[0] for told in project["dependencies"]]

    assert not [
        name for name in names if not re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE | re.IGNORECASE)
    ]


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "\n## [Unreleased]\n" in Path("CHANGELOG.md").read_text()
