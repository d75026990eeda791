"""What a downloaded recording is called on the listener's disk (RFC 6266, RFC 8187). Pure.

The attack: a title that ends the header, climbs out of a folder or poses as another kind of file.
"""

import unicodedata
from urllib.parse import quote

LONGEST = 100  # characters of a title that go into a file's name
_UNSAFE = frozenset('\\/:*?"<>|%')


def file_name(title: str) -> str:
    """The title as every file system takes it, without a suffix."""
    shown = "".join(" " if _unsafe(letter) else letter for letter in unicodedata.normalize("NFC", title))
    return " ".join(shown.split())[:LONGEST].strip(". ") or "replay"


def disposition(title: str, suffix: str) -> str:
    """The header that saves a file under its title; browsers of old read the plain half of it."""
    name = file_name(title)
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{file_name(folded)}{suffix}\"; filename*=UTF-8''{quote(name + suffix, safe='')}"


def _unsafe(letter: str) -> bool:
    return letter in _UNSAFE or unicodedata.category(letter).startswith("C")
