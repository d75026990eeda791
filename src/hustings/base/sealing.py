"""Signed values that travel: a payload, a purpose and an age, sealed with the cluster's key.

A seal says who made a value and that nobody changed it; it hides nothing. itsdangerous does the work.
"""

import hashlib
from typing import TypeVar

import msgspec
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from hustings.base.errors import Unauthorized

T = TypeVar("T", bound=msgspec.Struct)


class SealBroken(Unauthorized):
    """The value was not sealed here, or was changed since."""

    code = "seal_broken"


class SealExpired(Unauthorized):
    """The value is older than its kind allows."""

    code = "seal_expired"


class Sealer:
    """Seals and opens one kind of value. `purpose` keeps a seal made for one use from passing for another."""

    def __init__(self, key: str, purpose: str) -> None:
        self._serializer = URLSafeTimedSerializer(
            key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def seal(self, value: msgspec.Struct) -> str:
        return self._serializer.dumps(msgspec.to_builtins(value))

    def open(self, sealed: str, kind: type[T], *, max_age: int) -> T:
        """Give back the value; `max_age` in seconds. Raises SealBroken or SealExpired."""
        try:
            return msgspec.convert(self._serializer.loads(sealed, max_age=max_age), kind)
        except SignatureExpired as error:
            raise SealExpired("This link or token has expired. Ask the host for a new one.") from error
        except (BadSignature, msgspec.ValidationError) as error:
            raise SealBroken("This link or token is not valid. Check that it was copied whole.") from error


def derive_key(cluster_key: str, purpose: str) -> str:
    """A key for one purpose, from which neither the cluster key nor another purpose's key can be told."""
    return hashlib.blake2b(purpose.encode(), key=cluster_key.encode()[:64], digest_size=32).hexdigest()
