"""Names for things: sortable by time, unguessable where they must be, safe in URLs and file names."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def _base32(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def new_id(now: float) -> str:
    """18 characters, sortable by creation: 10 of milliseconds, 8 random (40 bits)."""
    return _base32(int(now * 1000), 10) + _base32(secrets.randbits(40), 8)


def new_secret() -> str:
    """26 characters, 130 random bits: for links and bearer tokens, stored only as a hash."""
    return _base32(secrets.randbits(130), 26)
