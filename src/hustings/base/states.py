"""State graphs: declared once, checked when the module that declares them is imported.

class Door(State):
    SHUT = "shut"
    OPEN = "open"

DOOR = StateGraph(Door, initial=Door.SHUT, transitions={Door.SHUT: {Door.OPEN}, Door.OPEN: {Door.SHUT}})
"""

from collections.abc import Mapping, Set
from enum import Enum
from typing import Generic, TypeVar

from hustings.base.errors import Conflict

State = Enum
S = TypeVar("S", bound=Enum)


class GraphError(TypeError):
    """The declaration contradicts itself; raised at import."""


class StateGraph(Generic[S]):
    """Which state may follow which. Every state must be declared and reachable from the initial one."""

    def __init__(self, states: type[S], *, initial: S, transitions: Mapping[S, Set[S]]) -> None:
        self.initial = initial
        self._next = {state: frozenset(transitions.get(state, frozenset())) for state in states}
        undeclared = set(states) - set(transitions)
        if undeclared:
            raise GraphError(f"{states.__name__}: no transitions declared for {sorted(s.name for s in undeclared)}")
        unreachable = set(states) - self._reachable()
        if unreachable:
            raise GraphError(f"{states.__name__}: never reached: {sorted(s.name for s in unreachable)}")

    def _reachable(self) -> set[S]:
        seen = {self.initial}
        frontier = [self.initial]
        while frontier:
            fresh = self._next[frontier.pop()] - seen
            seen |= fresh
            frontier.extend(fresh)
        return seen

    def following(self, state: S) -> frozenset[S]:
        return self._next[state]

    def is_final(self, state: S) -> bool:
        return not self._next[state]

    def check(self, old: S, new: S, *, because: str) -> None:
        """Raise Conflict, with `because` as the sentence a person reads, unless `new` may follow `old`."""
        if new not in self._next[old]:
            raise Conflict(because)
