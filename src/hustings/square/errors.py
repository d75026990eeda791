"""What can go wrong between a person and an account."""

from hustings.base.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthorized


class BadName(Invalid):
    """A name that could not be in an address or would deceive a reader."""

    code = "bad_name"


class WeakPassword(Invalid):
    code = "weak_password"


class SignInFailed(Unauthorized):
    """One sentence for a wrong name and a wrong password: the difference would tell which names exist."""

    code = "sign_in_failed"


class NotSignedIn(Unauthorized):
    code = "not_signed_in"


class TokenRefused(Unauthorized):
    code = "token_refused"


class ScopeMissing(Forbidden):
    code = "scope_missing"


class NotYours(Forbidden):
    code = "not_yours"


class LinkUsedUp(NotFound):
    """No such one-time link, or it was used, or it is too old: told alike."""

    code = "link_used_up"


class NameTaken(Conflict):
    code = "name_taken"


class NoSuchAccount(NotFound):
    code = "no_such_account"


class PasskeyRefused(Unauthorized):
    code = "passkey_refused"


class TooManyTries(TooMany):
    code = "too_many_tries"
