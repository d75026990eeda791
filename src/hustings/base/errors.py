"""The root of the error tree, and the one place that says what each family is as an HTTP answer.

Every folder derives its own few classes from these. Every door answers an error with its `status`, its `headers` and
its `body`, so no route invents one.

    HustingsError      a fault of ours that no door should let out                  500
    ├── Invalid        the request cannot be understood or breaks a rule of form     400
    │   └── TooLarge   more was sent than is taken here                              413
    ├── Unauthorized   no credential, or one that is wrong or expired               401
    ├── Forbidden      known, and not allowed                                        403
    ├── NotFound       there is no such thing, or it is gone                         404
    ├── Conflict       the thing is in a state in which this cannot be done          409
    │   └── CannotServe  nor ever, before a person does something: no role starts     409
    ├── TooMany        a limit is reached; `retry_after` says when to come back      429
    └── Unavailable    a part of the system does not answer; try again               503

A class may narrow its family's status where HTTP has a better one; it stays in the same hundred.
"""

import math
from typing import ClassVar


class HustingsError(Exception):
    """Its text is a whole sentence for a person: what is wrong and what to do."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON: a sentence for a person, a word for a program."""
        return {"error": str(self), "code": self.code}

    @property
    def headers(self) -> dict[str, str]:
        """What the status asks for beside it; names in lower case, as ASGI wants them."""
        return {}


class Invalid(HustingsError):
    code = "invalid"
    status = 400


class TooLarge(Invalid):
    code = "too_large"
    status = 413


class Unauthorized(HustingsError):
    code = "unauthorized"
    status = 401

    @property
    def headers(self) -> dict[str, str]:
        return {"www-authenticate": "Bearer"}


class Forbidden(HustingsError):
    code = "forbidden"
    status = 403


class NotFound(HustingsError):
    code = "not_found"
    status = 404


class Conflict(HustingsError):
    code = "conflict"
    status = 409


class CannotServe(Conflict):
    """What is there to serve from does not fit this program: starting again would end the same way."""

    code = "cannot_serve"


class _ComeBack(HustingsError):
    """Refused for a while only."""

    patience: ClassVar[float]  # seconds, where nobody knows better

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = self.patience if retry_after is None else retry_after

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": str(max(1, math.ceil(self.retry_after)))}


class TooMany(_ComeBack):
    code = "too_many"
    status = 429
    patience = 5.0


class Unavailable(_ComeBack):
    code = "unavailable"
    status = 503
    patience = 2.0
