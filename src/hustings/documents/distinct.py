"""How many different sessions there were, about: HyperLogLog sketches that add up over edges, in memory with an end.

A session's id begins with random bits; its level is how many of them are 0 at the front. Where only one page in
2**n reports, it is those of level n and above, so each level has a sketch of its own: what was gathered while all
reported and while one in eight did still adds up. It remembers no session and knows no time.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from datasketches import hll_sketch, hll_union, tgt_hll_type

from hustings.base.errors import Invalid

LG_K: Final = 15  # 32,768 registers of 4 bits: one sketch's standard error is 0.57 %, and exact below some thousand
FORM: Final = "^[0-9a-f]{16,64}$"  # a session's id
READ: Final = 3  # of its digits, which its level is read from
MOST_LEVEL: Final = 4 * READ  # one page in 4,096 reports

Packed: TypeAlias = dict[int, bytes]  # level → sketch, as DataSketches writes it


class BadSketch(Invalid):
    """Bytes that are no sketch of sessions."""

    code = "bad_sketch"


def level_of(session: str) -> int:
    """Half of all sessions are of level 0, a quarter of level 1, and so on."""
    return MOST_LEVEL - int(session[:READ], 16).bit_length()


def relative_error(deviations: int) -> float:
    """The share by which one sketch's estimate may be wrong, at so many standard deviations."""
    return abs(float(hll_sketch.get_rel_err(True, True, LG_K, deviations)))


class Distinct:
    """A set of sessions of which only the size can be asked."""

    def __init__(self, sessions: Iterable[str] = ()) -> None:
        self._levels: dict[int, hll_union] = {}
        for session in sessions:
            self.add(session)

    def add(self, session: str) -> None:
        self._level(level_of(session)).update(session)

    def merge(self, packed: Packed) -> None:
        """Take in what another counted; nothing is counted twice. Raises BadSketch, and is then as it was."""
        try:
            found = {level: hll_sketch.deserialize(data) for level, data in packed.items()}
        except (ValueError, IndexError, RuntimeError) as error:
            raise BadSketch("This is no sketch. Are all roles of the same version?") from error
        if any(sketch.lg_config_k != LG_K for sketch in found.values()) or not found.keys() <= _LEVELS:
            raise BadSketch("This sketch is of another kind. Are all roles of the same version?")
        for level, sketch in found.items():
            self._level(level).update(sketch)

    def estimate(self, level: int = 0) -> float:
        """Of all sessions, when those of `level` and above were told of and stand for the rest."""
        found = sum(float(union.get_estimate()) for at, union in self._levels.items() if at >= level)
        return found * (1 << level)

    def pack(self) -> Packed:
        return {
            level: union.get_result(tgt_hll_type.HLL_4).serialize_compact() for level, union in self._levels.items()
        }

    def _level(self, level: int) -> hll_union:
        if level not in self._levels:
            self._levels[level] = hll_union(LG_K)
        return self._levels[level]


_LEVELS: Final = frozenset(range(MOST_LEVEL + 1))
