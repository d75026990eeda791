"""Secrets people and programs carry: made once, given out once, kept only as hashes. Pure but for the dice.

They have 130 random bits, so a plain SHA-256 of them cannot be searched; only passwords need a slow hash.
"""

import hashlib

from hustings.base.ids import new_secret

TOKEN_PREFIX = "hst_"  # noqa: S105 - what a program's token begins with, so that a leaked one is recognised


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token() -> str:
    return TOKEN_PREFIX + new_secret()


def derived(key: str, text: str) -> str:
    """A secret that can be shown again by who holds `key`, though only its hash is stored."""
    return hashlib.blake2b(text.encode(), key=key.encode()[:64], digest_size=16).hexdigest()
