import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.base.errors import HustingsError
from hustings.documents.space import SPACE_LIFE, ReplayState, Role, SpaceState
from hustings.spaces import life
from hustings.spaces.errors import NotAllowed, SignInNeeded, WrongState
from hustings.spaces.permissions import Action, Allow, Deny, Standing, allowed, decide, decide_seat, require
from hustings.store.values import SeatRecord, SpaceRecord

STEPS = {
    life.open_doors: SpaceState.DOORS,
    life.go_live: SpaceState.LIVE,
    life.end: SpaceState.ENDED,
    life.cancel: SpaceState.CANCELLED,
}
SPACE = SpaceRecord("s", "Title", "", SpaceState.SCHEDULED, "Ada", 1.0)


def seat(key: str = "seat", role: Role = Role.SPEAKER, **fields: object) -> SeatRecord:
    return msgspec.structs.replace(SeatRecord(key, "s", key.title(), role, 1.0), **fields)


@pytest.mark.parametrize("state", list(SpaceState))
@pytest.mark.parametrize("step", list(STEPS))
def test_a_step_goes_exactly_where_the_graph_allows(state: SpaceState, step: object) -> None:
    space = msgspec.structs.replace(SPACE, state=state)
    to = STEPS[step]  # type: ignore[index]
    if to in SPACE_LIFE.following(state):
        assert step(space, 5.0).state is to  # type: ignore[operator]
        return
    with pytest.raises(WrongState) as refused:
        step(space, 5.0)  # type: ignore[operator]
    assert str(refused.value).endswith(".")


def test_going_live_without_doors_begins_the_programme_there() -> None:
    space = life.go_live(SPACE, 5.0)

    assert (space.doors_at, space.live_at) == (5.0, 5.0)


def test_going_live_after_doors_keeps_the_programmes_first_sample() -> None:
    space = life.go_live(life.open_doors(SPACE, 5.0), 9.0)

    assert (space.doors_at, space.live_at) == (5.0, 9.0)


@pytest.mark.parametrize(
    ("record", "was_live", "replay"),
    [(True, True, ReplayState.PREPARING), (True, False, ReplayState.NONE), (False, True, ReplayState.NONE)],
)
def test_a_replay_is_prepared_of_what_was_recorded(record: bool, was_live: bool, replay: ReplayState) -> None:
    space = life.open_doors(msgspec.structs.replace(SPACE, record=record), 1.0)
    space = life.go_live(space, 2.0) if was_live else space

    assert life.end(space, 3.0).replay_state is replay


def test_only_a_live_space_is_put_on_hold_and_the_end_lifts_it() -> None:
    with pytest.raises(WrongState):
        life.set_hold(SPACE, on=True)

    held = life.set_hold(life.go_live(SPACE, 1.0), on=True)

    assert held.hold
    assert not life.end(held, 2.0).hold


HOST, COHOST, SPEAKER, PRODUCER = (Standing(role, "mine", known=True) for role in Role)
LISTENER, STRANGER, STAFF = Standing(known=True), Standing(), Standing(staff=True, known=True)
FIRST = Standing(first_visitor=True)
RUNNING = {"edit", "doors", "live", "end", "hold", "replay", "preshow"}
DIRECTING = RUNNING | {"invite", "hands", "people", "air", "mute", "remove"}
SWITCHES = st.sampled_from([Action.AIR, Action.MUTE, Action.REMOVE])


@pytest.mark.parametrize(
    ("standing", "may"),
    [
        (HOST, DIRECTING | {"cancel", "role", "delete"}),
        (COHOST, DIRECTING),
        (PRODUCER, DIRECTING),
        (SPEAKER, {"people"}),
        (STAFF, {"end", "cancel", "mute", "remove", "delete", "people"}),
        (LISTENER, set()),
        (STRANGER, set()),
        (FIRST, {"delete"}),
    ],
)
def test_everybody_may_do_exactly_what_their_standing_says(standing: Standing, may: set[str]) -> None:
    assert set(allowed(standing)) == may


@pytest.mark.parametrize("action", list(Action))
def test_a_refusal_says_why_and_what_to_do(action: Action) -> None:
    for standing in (SPEAKER, LISTENER, STRANGER, COHOST):
        decision = decide(standing, action)
        assert isinstance(decision, Allow) or decision.because.endswith(".")


def test_a_stranger_is_told_to_sign_in_and_a_listener_that_it_is_not_theirs() -> None:
    with pytest.raises(SignInNeeded):
        require(decide(STRANGER, Action.LIVE))
    with pytest.raises(NotAllowed):
        require(decide(LISTENER, Action.LIVE))
    require(decide(HOST, Action.LIVE))


@pytest.mark.parametrize(
    ("standing", "action", "target", "on", "allows"),
    [
        (SPEAKER, Action.MUTE, seat("mine"), True, True),
        (SPEAKER, Action.MUTE, seat("mine"), False, True),
        (SPEAKER, Action.MUTE, seat("mine", held_by_director=True), False, False),
        (SPEAKER, Action.MUTE, seat("mine", held_by_director=True), True, True),
        (SPEAKER, Action.AIR, seat("mine"), True, False),
        (SPEAKER, Action.AIR, seat("mine"), False, True),
        (SPEAKER, Action.AIR, seat("mine", aired=True), True, True),
        (SPEAKER, Action.AIR, seat("mine", aired=True, held_by_director=True), True, False),
        (SPEAKER, Action.AIR, seat("mine", held_by_director=True), False, True),
        (SPEAKER, Action.REMOVE, seat("mine"), True, True),
        (SPEAKER, Action.MUTE, seat("other"), True, False),
        (SPEAKER, Action.AIR, seat("other"), True, False),
        (SPEAKER, Action.REMOVE, seat("other"), True, False),
        (COHOST, Action.MUTE, seat("other"), True, True),
        (COHOST, Action.AIR, seat("mine", Role.COHOST), True, True),
        (COHOST, Action.AIR, seat("other", held_by_director=True), True, True),
        (COHOST, Action.REMOVE, seat("other"), True, True),
        (COHOST, Action.REMOVE, seat("host", Role.HOST), True, False),
        (HOST, Action.REMOVE, seat("mine", Role.HOST), True, False),
        (STAFF, Action.REMOVE, seat("other"), True, True),
        (STAFF, Action.AIR, seat("other"), True, False),
        (HOST, Action.AIR, seat("other", Role.PRODUCER), True, False),
        (HOST, Action.REMOVE, seat("other", Role.PRODUCER), True, True),
        (LISTENER, Action.MUTE, seat("other"), True, False),
        (STRANGER, Action.MUTE, seat("other"), True, False),
    ],
)
def test_a_seat_is_switched_by_those_who_direct_and_by_its_own_speaker(
    standing: Standing, action: Action, target: SeatRecord, on: bool, allows: bool
) -> None:
    assert isinstance(decide_seat(standing, action, target, on=on), Allow) is allows


roles = st.sampled_from([None, *Role])
standings = st.builds(
    Standing, role=roles, seat=st.sampled_from([None, "mine"]), staff=st.booleans(), known=st.booleans()
)


@given(standings, SWITCHES, st.sampled_from(list(Role)), st.booleans())
def test_who_may_act_on_any_seat_may_act_on_every_seat_but_the_hosts(
    standing: Standing, action: Action, role: Role, on: bool
) -> None:
    decision = decide_seat(standing, action, seat("other", role), on=on)

    if isinstance(decision, Allow):
        assert isinstance(decide(standing, action), Allow)
    if action is Action.REMOVE and role is Role.HOST:
        assert isinstance(decision, Deny)


@given(st.lists(st.sampled_from(list(STEPS)), max_size=6))
def test_no_order_of_steps_reopens_what_is_over_or_loses_a_time(steps: list[object]) -> None:
    space, over = SPACE, False
    for number, step in enumerate(steps):
        try:
            space = step(space, float(number))  # type: ignore[operator]
        except HustingsError:
            continue
        assert not over
        over = SPACE_LIFE.is_final(space.state)
    times = [when for when in (space.doors_at, space.live_at, space.ended_at) if when is not None]
    assert all(one <= other for one, other in itertools.pairwise(times))
