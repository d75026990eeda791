"""Plans survive the process, whole or not at all."""

from pathlib import Path

import pytest
from tests.support.stage import make_plan, seat

from hustings.documents.space import SpaceState
from hustings.stage.plans import BadPlan, PlanShelf


def test_a_saved_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    plan = make_plan(seat("ada"), revision=3)
    PlanShelf(tmp_path / "stage").save(plan)
    assert PlanShelf(tmp_path / "stage").load() == [plan]


def test_a_newer_plan_replaces_and_a_dropped_one_is_gone(tmp_path: Path) -> None:
    shelf = PlanShelf(tmp_path)
    shelf.save(make_plan(revision=1))
    shelf.save(make_plan(revision=2, state=SpaceState.ENDED))
    assert [plan.revision for plan in shelf.load()] == [2]
    shelf.drop("space1")
    shelf.drop("space1")
    assert shelf.load() == []


def test_a_draft_left_by_a_crash_and_a_torn_file_are_passed_over(tmp_path: Path) -> None:
    shelf = PlanShelf(tmp_path)
    shelf.save(make_plan())
    (tmp_path / "space2.new").write_text('{"id": "space2", "revi')
    (tmp_path / "space3.json").write_text("{")
    assert [plan.id for plan in shelf.load()] == ["space1"]


def test_a_shelf_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert PlanShelf(tmp_path / "none").load() == []


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".", "a" * 65, "a\n"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadPlan):
        PlanShelf(tmp_path).drop(name)
    PlanShelf(tmp_path).drop("a-Good_1")
