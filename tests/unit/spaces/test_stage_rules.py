import msgspec
import pytest

from hustings.documents.space import MAX_SEATS, Role, SpaceState
from hustings.spaces.calendar import calendar_of
from hustings.spaces.errors import NameOnStage, NoStartTime, NotAllAgreed, NotAllowed, RecordingNotAgreed, StageFull
from hustings.spaces.stage_rules import (
    MAX_PRODUCERS,
    plan_of,
    require_agreement,
    require_free_name,
    require_room,
    with_role,
)
from hustings.store.values import Request, RequestState, SeatRecord, SpaceRecord

SPACE = SpaceRecord("s", "Title", "", SpaceState.SCHEDULED, "Ada Lind", 1.0, host_account="ada", revision=7)


def seat(key: str, role: Role = Role.SPEAKER, **fields: object) -> SeatRecord:
    return msgspec.structs.replace(SeatRecord(key, "s", f"Name {key}", role, 1.0), **fields)


GUESTS = [seat(str(number)) for number in range(MAX_SEATS - 1)]


def test_twelve_guests_fit_beside_the_host_and_the_next_is_told_so() -> None:
    require_room(GUESTS[:-1], Role.SPEAKER)

    with pytest.raises(StageFull, match="All 13 seats are taken"):
        require_room(GUESTS, Role.SPEAKER)
    with pytest.raises(StageFull, match="All 13 seats are taken"):
        require_room([*GUESTS, seat("host", Role.HOST)], Role.COHOST)


def test_the_hosts_seat_is_kept_whoever_came_first() -> None:
    require_room(GUESTS, Role.HOST)


def test_producers_take_no_seat_on_stage() -> None:
    producers = [seat(f"p{number}", Role.PRODUCER) for number in range(MAX_PRODUCERS)]
    require_room([*GUESTS, *producers[:-1]], Role.PRODUCER)

    with pytest.raises(StageFull):
        require_room(producers, Role.PRODUCER)
    require_room([*GUESTS[:-1], *producers], Role.SPEAKER)


def test_nobody_is_recorded_without_having_agreed() -> None:
    require_agreement(SPACE, agreed=True)
    require_agreement(msgspec.structs.replace(SPACE, record=False), agreed=False)

    with pytest.raises(RecordingNotAgreed):
        require_agreement(SPACE, agreed=False)


@pytest.mark.parametrize("name", ["Ada Lind", "ADA LIND", "name 0"])
def test_nobody_takes_the_name_of_somebody_on_this_stage(name: str) -> None:
    require_free_name(SPACE, GUESTS, "Ben")

    with pytest.raises(NameOnStage):
        require_free_name(SPACE, GUESTS, name)


def test_a_space_is_handed_over_to_a_cohost_and_the_host_becomes_one() -> None:
    host, cohost = seat("h", Role.HOST), seat("c", Role.COHOST, account_name="ben")

    space, changed = with_role(SPACE, [host, cohost], cohost, Role.HOST)

    assert (space.host_name, space.host_account) == ("Name c", "ben")
    assert {each.id: each.role for each in changed} == {"h": Role.COHOST, "c": Role.HOST}


def test_a_space_is_not_handed_to_a_speaker_and_never_left_without_a_host() -> None:
    host, speaker = seat("h", Role.HOST), seat("s")

    with pytest.raises(NotAllowed):
        with_role(SPACE, [host, speaker], speaker, Role.HOST)
    with pytest.raises(NotAllowed):
        with_role(SPACE, [host, speaker], host, Role.SPEAKER)


def test_a_speaker_who_becomes_producer_is_off_air() -> None:
    speaker = seat("s", on_air=True, muted=True)

    _, (producer,) = with_role(SPACE, [speaker], speaker, Role.PRODUCER)

    assert (producer.role, producer.on_air, producer.muted) == (Role.PRODUCER, False, False)


def test_a_producer_needs_a_free_seat_to_speak() -> None:
    producer = seat("p", Role.PRODUCER)

    with pytest.raises(StageFull):
        with_role(SPACE, [*GUESTS, producer], producer, Role.SPEAKER)


def test_a_producer_who_did_not_agree_to_be_recorded_is_not_made_a_speaker() -> None:
    producer = seat("p", Role.PRODUCER)

    with pytest.raises(NotAllAgreed):
        with_role(SPACE, [producer], producer, Role.SPEAKER)
    _, (speaker,) = with_role(msgspec.structs.replace(SPACE, record=False), [producer], producer, Role.SPEAKER)
    assert speaker.role is Role.SPEAKER


def test_the_plan_says_who_is_on_stage_and_who_asks() -> None:
    hand = Request("r", "s", "hash", "Chi", RequestState.PENDING, 5.0)

    plan = plan_of(SPACE, [seat("a", generation=3, account_name="ben")], [hand])

    assert plan.revision == 7
    assert (plan.seats[0].id, plan.seats[0].generation, plan.seats[0].account) == ("a", 3, "ben")
    assert (plan.hands[0].name, plan.hands[0].asked_at) == ("Chi", 5.0)


def test_the_plan_says_whose_switch_a_director_holds() -> None:
    plan = plan_of(SPACE, [seat("a", held_by_director=True), seat("b")], [])

    assert [each.held for each in plan.seats] == [True, False]


def test_a_calendar_entry_says_when_in_utc_and_reminds() -> None:
    space = msgspec.structs.replace(SPACE, starts_at=1_786_564_800.0, title="Ferries, and; commas")

    lines = calendar_of(space, "http://town.test/spaces/s", "town.test", 5.0).decode().split("\r\n")

    assert "DTSTART:20260812T200000Z" in lines
    assert "METHOD:PUBLISH" in lines
    assert "UID:s@town.test" in lines
    assert "SUMMARY:Ferries\\, and\\; commas" in lines
    assert "BEGIN:VALARM" in lines
    assert "TRIGGER:-PT10M" in lines


def test_a_cancelled_space_cancels_its_entry_and_reminds_nobody() -> None:
    space = msgspec.structs.replace(SPACE, starts_at=1_786_564_800.0, state=SpaceState.CANCELLED)

    text = calendar_of(space, "http://town.test/spaces/s", "town.test", 5.0).decode()

    assert "METHOD:CANCEL" in text
    assert "STATUS:CANCELLED" in text
    assert "VALARM" not in text


def test_without_a_time_there_is_no_entry() -> None:
    with pytest.raises(NoStartTime):
        calendar_of(SPACE, "http://town.test/spaces/s", "town.test", 5.0)
