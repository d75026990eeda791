import msgspec
import pytest

from hustings.base.errors import Conflict
from hustings.documents.public import Voice, card
from hustings.documents.space import SPACE_LIFE, Person, Role, Seat, SpacePlan, SpaceState

S = SpaceState
PLAN = SpacePlan(
    id="abc",
    revision=4,
    title="The ferry",
    state=S.LIVE,
    host=Person("Ada", "ada"),
    seats=(Seat("s1", "Ada", Role.HOST, on_air=True), Seat("s2", "Pat", Role.PRODUCER)),
)
ALLOWED = {
    (S.SCHEDULED, S.DOORS),
    (S.SCHEDULED, S.LIVE),
    (S.SCHEDULED, S.CANCELLED),
    (S.DOORS, S.LIVE),
    (S.DOORS, S.ENDED),
    (S.DOORS, S.CANCELLED),
    (S.LIVE, S.ENDED),
}


@pytest.mark.parametrize("old", S)
@pytest.mark.parametrize("new", S)
def test_a_spaces_life_goes_forward_only(old: SpaceState, new: SpaceState) -> None:
    if (old, new) in ALLOWED:
        SPACE_LIFE.check(old, new, because="")
    else:
        with pytest.raises(Conflict):
            SPACE_LIFE.check(old, new, because="no")


def test_a_plan_survives_the_way_from_control_to_stage() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PLAN), type=SpacePlan) == PLAN


def test_a_seat_is_found_by_its_id() -> None:
    assert PLAN.seat("s1") == PLAN.seats[0]
    assert PLAN.seat("s9") is None


def test_a_producer_is_never_listed() -> None:
    assert [voice.name for voice in card(PLAN, now=0.0).speakers] == ["Ada"]


def test_the_card_shows_what_the_stage_hears_where_it_says_so() -> None:
    heard = Voice("s1", "Ada", Role.HOST, on_air=True, muted=False, connected=True, speaking=True, level=0.5)

    assert card(PLAN, now=0.0, voices=(heard,)).speakers == (heard,)
    assert card(PLAN, now=0.0).speakers[0].connected is False


@pytest.mark.parametrize("state", [S.LIVE, S.ENDED])
def test_who_was_never_on_air_is_not_named_after_the_end(state: SpaceState) -> None:
    waited = Seat("s3", "Ben", Role.SPEAKER, aired=False)
    plan = msgspec.structs.replace(PLAN, state=state, seats=(*PLAN.seats, waited))
    last_told = tuple(Voice(s.id, s.name, s.role, on_air=s.on_air, muted=False) for s in (PLAN.seats[0], waited))

    named = [[voice.name for voice in card(plan, now=0.0, voices=told).speakers] for told in ((), last_told)]

    assert named == [["Ada", "Ben"] if state is S.LIVE else ["Ada"]] * 2


def test_only_speakers_may_not_direct() -> None:
    assert [role for role in Role if not role.may_direct] == [Role.SPEAKER]
