"""What must not be in a log, looked for in a whole town's: what people wrote, what opens doors, who came whence."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

REFERENCE = Path("docs/reference/log.md")  # as the code has it: tests/structure compares them
# Written by people, as far as it is told from a word of ours: by a capital letter.
WRITTEN = {
    "accounts": ("display_name",),
    "spaces": ("title", "description", "host_name"),
    "seats": ("name",),
    "invitations": ("name", "invited_by"),
    "requests": ("name",),
    "sessions": ("user_agent",),
    "tokens": ("label",),
}
SHAPES = {
    "a token of an account": re.compile(r"hst_[0-9a-z]{8}"),
    "a token of a seat": re.compile(r"seat\.[A-Za-z0-9_-]{8}"),
    "a secret of a link": re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}\b"),
    "a key": re.compile(r"\b[0-9a-f]{32,64}\b"),
    "an address": re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b|\b([0-9a-f]{1,4}:){3,}"),
}
ALWAYS = frozenset({"event", "level", "timestamp", "exception"})


def written_in(database: Path) -> set[str]:
    """What people wrote, whatever it was."""
    found: set[str] = set()
    with closing(sqlite3.connect(database)) as connection:
        for table, columns in WRITTEN.items():
            for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                found |= {text for text in row if text and len(text) > 2 and text != text.lower()}
    return found


def fields_of(event: str) -> set[str] | None:
    """None for an event that the reference does not have."""
    row = re.search(rf"^\| {re.escape(event)} \|.*\| (.*) \|$", REFERENCE.read_text(), re.MULTILINE)
    return set(re.findall(r"`(\w+)`", row[1])) if row else None


def faults(log: str, secrets: set[str]) -> list[str]:
    """A sentence for each line that should not be there, or not like that."""
    return [fault for line in log.splitlines() for fault in _faults_of(line, secrets)]


def _faults_of(line: str, secrets: set[str]) -> Iterator[str]:
    try:
        told = json.loads(line)
    except json.JSONDecodeError:
        yield f"no event: {line}"
        return
    known = fields_of(told["event"])
    if known is None:
        yield f"not in the reference: {line}"
    elif unknown := told.keys() - ALWAYS - known:
        yield f"fields not in the reference, {unknown}: {line}"
    yield from (f"{what}: {line}" for what, shape in SHAPES.items() if shape.search(line))
    yield from (f"{secret!r} was written by somebody: {line}" for secret in secrets if secret in line)
