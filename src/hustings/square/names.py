"""What people and accounts may be called. Pure.

The attack: a name that looks like another on stage, by controls, zero-width or direction characters.
"""

import re
import unicodedata

from hustings.square.errors import BadName

ACCOUNT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_]{0,28}[a-z0-9])?")
RESERVED = frozenset({"admin", "api", "hustings", "internal", "moderator", "owner", "sample", "staff", "support"})
MAX_DISPLAY_NAME = 50  # characters


def account_name(text: str) -> str:
    """The name as in /@name: 1 to 30 of a-z, 0-9 and inner underscores."""
    name = text.strip().removeprefix("@").lower()
    if not ACCOUNT_NAME.fullmatch(name):
        raise BadName(
            "An account's name has 1 to 30 letters (a to z), digits and underscores, and starts and ends with none."
            if name.startswith("_") or name.endswith("_")
            else "An account's name has 1 to 30 letters (a to z), digits and underscores, such as ada_lind."
        )
    if name in RESERVED:
        raise BadName(f"The name {name} is kept for the installation. Choose another.")
    return name


def display_name(text: str) -> str:
    """What is shown: one line, without characters that cannot be seen."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise BadName("Give a name that others can call you by.")
    if len(name) > MAX_DISPLAY_NAME:
        raise BadName(f"A name may have up to {MAX_DISPLAY_NAME} characters.")
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} for letter in name):
        raise BadName("The name has a character that cannot be seen. Type it again without.")
    return name


def same_to_the_eye(one: str, other: str) -> bool:
    """Whether two names would be read as one: letter case and compatibility forms do not tell them apart."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
