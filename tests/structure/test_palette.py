"""The pages' dark colours stand in two rules, for a medium and for a class, and are the same in both."""

import re
from pathlib import Path

CSS = Path("web/src/styles.css").read_text()


def colours(rule: str) -> list[str]:
    found = re.search(rule + r" \{([^}]*)\}", CSS)
    assert found is not None
    return re.findall(r"--[\w-]+: [^;]+", found[1])


def test_dark_is_the_same_dark_by_the_system_and_by_choice() -> None:
    chosen = colours(r":root\.dark")

    assert len(chosen) > 5
    assert chosen == colours(r"prefers-color-scheme: dark\) \{\s*:root")
