"""What can go wrong around a Space."""

from hustings.base.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthorized, Unavailable


class NoSuchSpace(NotFound):
    code = "no_such_space"


class NoSuchSeat(NotFound):
    code = "no_such_seat"


class NoSuchInvitation(NotFound):
    """Never made, revoked, or not copied whole: told alike."""

    code = "no_such_invitation"


class InvitationExpired(NotFound):
    """Told apart from no_such_invitation: whoever holds the secret was invited once."""

    code = "invitation_expired"


class NoSuchRequest(NotFound):
    code = "no_such_request"


class NoStartTime(NotFound):
    code = "no_start_time"


class SampleGone(NotFound):
    code = "sample_gone"


class BadSpace(Invalid):
    """A title, time or speaker list that cannot be."""

    code = "bad_space"


class BadReplay(Invalid):
    """A recorder's word that is not its last."""

    code = "bad_replay"


class NotAllAgreed(Conflict):
    """Somebody on stage did not agree to be recorded."""

    code = "not_all_agreed"


class BadUpload(Invalid):
    code = "bad_upload"


class RecordingNotAgreed(Invalid):
    code = "recording_not_agreed"


class NotAllowed(Forbidden):
    """A permission decision; its sentence is the decision's reason."""

    code = "not_allowed"


class NotInvited(Forbidden):
    code = "not_invited"


class SignInNeeded(Unauthorized):
    code = "not_signed_in"


class SeatTokenRefused(Unauthorized):
    """The seat was given up, or the token is of an older generation."""

    code = "seat_token_refused"


class WrongState(Conflict):
    """The Space's or the request's life does not go that way."""

    code = "wrong_state"


class StageFull(Conflict):
    code = "stage_full"


class NameOnStage(Conflict):
    code = "name_on_stage"


class TooManyHands(TooMany):
    code = "too_many_hands"


class TooManyInvitations(TooMany):
    code = "too_many_invitations"


class StageAway(Unavailable):
    """The stage did not take a plan; it is told again later, so no API answer carries this."""

    code = "stage_away"


class StageRefused(StageAway):
    """The stage answered, but would not have this one Space's plan; the others are still told."""

    code = "stage_refused"
