"""What an edge makes of the feed's frames, in virtual time and with parts of a few bytes."""

import pytest

from hustings.base.clock import ManualClock
from hustings.documents import feed
from hustings.documents.space import Person, SpacePlan, SpaceState
from hustings.edge.live import LiveSpace, Spaces
from hustings.edge.waiting import Room

TEXT = (True, False, False)  # low latency, whole, not compressed


def plan(revision: int, state: SpaceState = SpaceState.LIVE) -> SpacePlan:
    return SpacePlan("s", revision, f"title {revision}", state, Person("Ada"), doors_at=1000.0)


def part(number: int, epoch: str = "e") -> feed.Part:
    return feed.Part("s", "aac64", epoch, number, feed.Programme.CONVERSATION, b"%d" % number)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def spaces(clock: ManualClock) -> Spaces:
    made = Spaces(clock, Room(10))
    made.take(feed.Plan(plan(1)))
    made.take(feed.Init("s", "aac64", b"init"))
    return made


def found(spaces: Spaces) -> LiveSpace:
    live = spaces.get("s")
    assert live is not None
    return live


def test_an_older_plan_changes_nothing(spaces: Spaces) -> None:
    spaces.take(feed.Plan(plan(3)))
    spaces.take(feed.Plan(plan(2)))
    told = found(spaces).plan
    assert told is not None
    assert told.revision == 3


def test_a_part_before_its_init_is_not_published(clock: ManualClock) -> None:
    spaces = Spaces(clock, Room(10))
    spaces.take(part(0))
    assert found(spaces).renditions["aac64"].window.next_number is None


def test_another_init_begins_a_new_window(spaces: Spaces) -> None:
    for number in range(8):
        spaces.take(part(number))
    rendition = found(spaces).renditions["aac64"]
    first = rendition.init_name
    spaces.take(feed.Init("s", "aac64", b"init"))
    assert rendition.window.next_number == 8
    spaces.take(feed.Init("s", "aac64", b"other"))
    assert rendition.window.next_number is None
    assert rendition.init_name != first


def test_a_gap_without_a_hold_loop_begins_a_new_window(spaces: Spaces) -> None:
    for number in (*range(8), *range(12, 17)):
        spaces.take(part(number))
    window = found(spaces).renditions["aac64"].window
    assert [segment.msn for segment in window.segments] == [3]


def test_texts_are_kept_until_something_changes(spaces: Spaces) -> None:
    for number in range(4):
        spaces.take(part(number))
    rendition = found(spaces).renditions["aac64"]
    rendition.rendered(1000.0)[TEXT] = b"x"
    assert rendition.rendered(1000.0) == {TEXT: b"x"}
    assert rendition.rendered(1001.0) == {}
    rendition.rendered(1001.0)[TEXT] = b"x"
    spaces.take(part(4))
    assert rendition.rendered(1001.0) == {}


def test_a_space_the_stage_let_go_is_kept_until_all_have_heard_its_end(spaces: Spaces, clock: ManualClock) -> None:
    spaces.take(part(0))
    spaces.take(feed.End("s", 0))
    spaces.take(feed.Gone("s"))
    assert found(spaces).renditions["aac64"].window.ended
    clock.advance(89)
    spaces.tick()
    assert spaces.get("s") is not None
    clock.advance(2)
    spaces.tick()
    assert spaces.get("s") is None


def test_a_deleted_space_is_gone_at_once_and_its_listeners_are_woken(spaces: Spaces) -> None:
    spaces.take(part(0))
    window = found(spaces).renditions["aac64"].window
    spaces.take(feed.Gone("s"))
    assert spaces.get("s") is None
    assert window.ended
