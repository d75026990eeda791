"""Which tokens open which seats, and that plans outlive the process."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.support.stage import Speaker, Town, amplitude_at, make_plan, seat

from hustings.audio.level import loudness
from hustings.base.errors import Forbidden, NotFound, Unauthorized
from hustings.base.grid import SAMPLE_RATE, TICK
from hustings.documents.feed import Gone, Plan
from hustings.documents.heard import Place
from hustings.documents.space import Seat, SpacePlan, SpaceState
from hustings.stage.music import read_music
from hustings.stage.plans import BadPlan
from hustings.stage.room import DRAIN, SpaceOver

pytestmark = pytest.mark.usefixtures("beds")


def over(plan: SpacePlan, ended_at: float) -> SpacePlan:
    return msgspec.structs.replace(plan, revision=plan.revision + 1, state=SpaceState.ENDED, ended_at=ended_at)


async def test_a_seat_token_opens_its_seat_and_asks_nobody(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    claim = await town.rooms.authorise("space1", town.token("ada"))
    ada = Speaker()
    town.rooms.attach(claim, ada)
    town.step(5)
    assert len(ada.heard) == 5
    assert town.exchanged == []


async def test_an_account_s_token_is_exchanged_and_a_stranger_s_is_not_even_passed_on(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    claim = await town.rooms.authorise("space1", "hst_secret")
    assert claim.seat == "ada"
    assert town.exchanged == [("space1", "hst_secret")]
    for stranger in ("", "nonsense", "seat.nonsense"):
        with pytest.raises(Unauthorized):
            await town.rooms.authorise("space1", stranger)
    assert len(town.exchanged) == 1


async def test_tokens_of_other_spaces_seats_and_unknown_spaces_are_refused(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    with pytest.raises(Forbidden):
        await town.rooms.authorise("space1", town.token("ada", space="space2"))
    with pytest.raises(Forbidden):
        await town.rooms.authorise("space1", town.token("eve"))
    with pytest.raises(NotFound):
        await town.rooms.authorise("space2", town.token("ada", space="space2"))


async def test_a_session_whose_seat_went_away_meanwhile_is_closed(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    claim = await town.rooms.authorise("space1", town.token("ada"))
    await town.rooms.put(make_plan(revision=2))
    late = Speaker()
    with pytest.raises(Forbidden):
        town.rooms.attach(claim, late)
    await town.rooms.close()
    assert late.closed


async def test_a_restarted_stage_carries_on_without_control(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada"), revision=4))
    again = Town(tmp_path)
    await again.rooms.load()
    again.clock.advance(10.0)
    assert again.rooms.room("space1").plan.revision == 4
    claim = await again.rooms.authorise("space1", again.token("ada"))
    again.rooms.attach(claim, Speaker())
    again.step(100)
    position = again.rooms.room("space1").timeline.position
    assert position is not None
    assert position / SAMPLE_RATE == pytest.approx(12.0, abs=0.05)
    await again.rooms.close()


async def test_the_bed_comes_by_itself_to_spaces_taken_up_before_it_was_made(tmp_path: Path) -> None:
    await Town(tmp_path).rooms.put(make_plan(state=SpaceState.DOORS))
    town = Town(tmp_path)
    await town.rooms.load()
    town.step(100)
    await town.settled()
    before = town.programme()
    town.step(150)
    assert loudness(town.programme()[-50 * TICK :]) > -24
    assert not before.any()


async def test_an_older_plan_is_neither_acted_on_nor_kept(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada"), revision=4))
    await town.rooms.put(make_plan(revision=3))
    assert [plan.revision for plan in town.shelf.load()] == [4]
    await town.rooms.put(make_plan(revision=5))
    assert [plan.revision for plan in town.shelf.load()] == [5]


async def test_an_ended_space_is_let_go_once_its_listeners_had_time_to_hear_it_out(tmp_path: Path) -> None:
    town = Town(tmp_path)
    plan = make_plan(seat("ada"))
    await town.rooms.put(plan)
    claim = await town.rooms.authorise("space1", town.token("ada"))
    ada = Speaker()
    town.rooms.attach(claim, ada)
    town.step(50)
    await town.rooms.put(over(plan, town.clock.now()))
    with pytest.raises(SpaceOver):
        await town.rooms.authorise("space1", town.token("ada"))
    town.step(int(DRAIN * 50) - 10)
    assert town.rooms.room("space1").air.finished_at is not None
    assert Gone("space1") not in town.frames
    town.step(200)
    assert town.frames[-1] == Gone("space1")
    with pytest.raises(NotFound):
        town.rooms.room("space1")
    await town.rooms.close()
    assert ada.closed


async def test_the_end_of_a_space_that_is_not_carried_opens_nothing(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(over(make_plan(), 0.0))
    assert town.shelf.load() == []
    assert town.frames == []


async def test_a_deleted_space_is_stopped_forgotten_and_its_recordings_too(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    claim = await town.rooms.authorise("space1", town.token("ada"))
    ada = Speaker()
    town.rooms.attach(claim, ada)
    town.step(60)
    await town.rooms.delete("space1")
    assert town.forgotten == ["space1"]
    assert town.shelf.load() == []
    assert town.frames[-1] == Gone("space1")
    await town.rooms.close()
    assert ada.closed
    await town.rooms.delete("space1")


async def test_uploaded_music_takes_the_bed_s_place_and_gives_it_back(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.music["ours.flac"] = (0.05 * np.sin(2 * np.pi * 12_000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype("f4")
    plan = msgspec.structs.replace(make_plan(state=SpaceState.DOORS), preshow="ours.flac")
    await town.rooms.put(plan)
    await town.settled()
    town.step(100)
    assert amplitude_at(town.programme()[-40 * TICK :], 12_000) > 0.05
    await town.rooms.put(msgspec.structs.replace(plan, revision=2, preshow=None))
    await town.settled()
    town.step(100)
    assert amplitude_at(town.programme()[-40 * TICK :], 12_000) < 0.001


@pytest.mark.parametrize("name", ["broken.mp3", "../../etc/passwd"])
async def test_music_that_cannot_be_had_leaves_the_bed_playing(tmp_path: Path, name: str) -> None:
    town = Town(tmp_path)
    await town.rooms.put(msgspec.structs.replace(make_plan(state=SpaceState.DOORS), preshow=name))
    await town.settled()
    town.step(100)
    assert loudness(town.programme()[-40 * TICK :]) > -24


async def test_plans_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with pytest.raises(BadPlan):
        await town.rooms.put(make_plan(seat("ada"), seat("ada")))
    with pytest.raises(BadPlan):
        await town.rooms.put(msgspec.structs.replace(make_plan(), id="../up"))
    await town.rooms.put(make_plan(Seat("ada", "Ada", make_plan(seat("x")).seats[0].role)))
    assert any(isinstance(frame, Plan) for frame in town.frames)


def test_music_comes_at_bed_level_with_soft_ends_and_none_of_what_is_no_sound(tmp_path: Path) -> None:
    tone = (0.01 * np.sin(np.arange(SAMPLE_RATE) / 10)).astype(np.float32)
    music = read_music(tmp_path, lambda _path, _longest: tone)
    assert music is not None
    assert abs(music).max() > 0.1
    assert abs(music[0]) < 1e-3
    assert abs(music[-1]) < 1e-3
    assert read_music(tmp_path, lambda _path, _longest: tone[:100]) is None
    assert read_music(tmp_path, lambda path, _longest: np.frombuffer(path.read_bytes(), np.float32)) is None


async def test_what_is_wrong_with_the_recording_is_an_alarm_until_it_is_right_again(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.rooms.put(make_plan(seat("ada")))
    town.step(50)
    alarms = town.rooms.room("space1").alarms
    assert {alarm.fault for alarm in alarms if alarm.fault.part is Place.RECORDING} == set()

    town.recording_faults = {"disk_full", "tracks_dropped"}
    town.step(50)
    told = {alarm.fault.code for alarm in alarms if alarm.fault.part is Place.RECORDING}
    assert told == {"disk_full", "tracks_dropped"}

    town.recording_faults = set()
    town.step(150)
    assert {alarm.fault for alarm in alarms if alarm.fault.part is Place.RECORDING} == set()
