"""The root of the error tree.

Every folder derives its own few classes from these; the API and the edge translate the
families to status codes, so no route invents one.

    HustingsError
    ├── Invalid        the request cannot be understood or breaks a rule of form     400
    ├── Unauthorized   no credential, or one that is wrong or expired               401
    ├── Forbidden      known, and not allowed                                        403
    ├── NotFound       there is no such thing, or it is gone                         404
    ├── Conflict       the thing is in a state in which this cannot be done          409
    ├── TooMany        a limit is reached; `retry_after` says when to come back      429
    └── Unavailable    a part of the system does not answer; try again               503
"""

from typing import ClassVar


class HustingsError(Exception):
    """Its text is a whole sentence for a person: what is wrong and what to do."""

    code: ClassVar[str] = "error"


class Invalid(HustingsError):
    code = "invalid"


class Unauthorized(HustingsError):
    code = "unauthorized"


class Forbidden(HustingsError):
    code = "forbidden"


class NotFound(HustingsError):
    code = "not_found"


class Conflict(HustingsError):
    code = "conflict"


class TooMany(HustingsError):
    code = "too_many"

    def __init__(self, message: str, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(HustingsError):
    code = "unavailable"

    def __init__(self, message: str, *, retry_after: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
