from enum import Enum

import pytest

from hustings.base.errors import Conflict
from hustings.base.states import GraphError, StateGraph


class Door(Enum):
    SHUT = "shut"
    OPEN = "open"
    GONE = "gone"


GRAPH = StateGraph(
    Door,
    initial=Door.SHUT,
    transitions={Door.SHUT: {Door.OPEN}, Door.OPEN: {Door.SHUT, Door.GONE}, Door.GONE: set()},
)


def test_what_may_follow_may_follow_and_nothing_else() -> None:
    GRAPH.check(Door.SHUT, Door.OPEN, because="never shown")

    with pytest.raises(Conflict, match="door is shut"):
        GRAPH.check(Door.SHUT, Door.GONE, because="The door is shut.")


def test_a_state_that_nothing_follows_is_final() -> None:
    assert [GRAPH.is_final(door) for door in Door] == [False, False, True]


def test_a_state_without_a_declaration_cannot_be_imported() -> None:
    with pytest.raises(GraphError, match="GONE"):
        StateGraph(Door, initial=Door.SHUT, transitions={Door.SHUT: {Door.OPEN, Door.GONE}, Door.OPEN: set()})


def test_a_state_that_is_never_reached_cannot_be_imported() -> None:
    transitions = {Door.SHUT: {Door.OPEN}, Door.OPEN: {Door.SHUT}, Door.GONE: {Door.SHUT}}

    with pytest.raises(GraphError, match="never reached"):
        StateGraph(Door, initial=Door.SHUT, transitions=transitions)
