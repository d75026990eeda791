"""What people and accounts may be called. Pure.

The attack: a name that looks like another on stage, by controls, zero-width or direction characters, or by letters
of another alphabet that share a shape.
"""

import re
import unicodedata

from hustings.square.confusables import skeleton
from hustings.square.errors import BadName

ACCOUNT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_]{0,28}[a-z0-9])?")
RESERVED = frozenset({"admin", "api", "hustings", "internal", "moderator", "owner", "sample", "staff", "support"})
MAX_DISPLAY_NAME = 50  # characters
JOINERS = frozenset("\u200c\u200d")  # invisible, and part of how some scripts and emoji are spelled
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # categories
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164")  # letters and marks that show nothing
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # how a symbol is drawn, not which
_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))  # of skin
_VIRAMA = 9  # combining class: the sign after which a joiner chooses a consonant's form
_JOINED_SCRIPTS = (
    "ARABIC", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "KHMER", "MALAYALAM", "MONGOLIAN", "ORIYA",
    "SINHALA", "SYRIAC", "TAMIL", "TELUGU",
)  # fmt: skip


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
    if any(_is_hidden(name, place) for place in range(len(name))):
        raise BadName("The name has a character that cannot be seen. Type it again without.")
    return name


def _is_hidden(name: str, place: int) -> bool:
    letter = name[place]
    if letter in JOINERS:
        return not _joins(name[:place], name[place + 1 :])
    return letter in _BLANK or unicodedata.category(letter) in _HIDDEN


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between the two has work to do: in scripts whose letters change by it, and within an emoji."""
    if _is_of_joined_script(before[-1:]):
        return _is_of_joined_script(after[:1]) or unicodedata.combining(before[-1]) == _VIRAMA
    return _is_symbol(before.rstrip("".join(_SELECTORS | _TONES))[-1:]) and _is_symbol(after[:1])


def _is_of_joined_script(letter: str) -> bool:
    return letter != "" and unicodedata.name(letter, "").startswith(_JOINED_SCRIPTS)


def _is_symbol(letter: str) -> bool:
    return letter != "" and unicodedata.category(letter) in {"So", "Sm"}


def same_to_the_eye(one: str, other: str) -> bool:
    """Whether two names would be read as one: neither letter case, compatibility forms and joiners, nor letters of
    other alphabets that share a shape, tell them apart."""
    return any(this == that for this, that in zip(_looks(one), _looks(other), strict=True))


def _looks(name: str) -> tuple[str, str]:
    """As it is written and in small letters: some letters share a shape in one case only, as I and l do."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", name)
        if unicodedata.category(letter) != "Cf" and letter not in _SELECTORS
    )
    return skeleton(plain).casefold(), skeleton(plain.casefold())
