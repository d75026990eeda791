from hypothesis import given
from hypothesis import strategies as st

from hustings.base.grid import (
    PART,
    PART_SECONDS,
    SEGMENT,
    TICK,
    next_part_start,
    part_at,
    position_at,
    segment_of,
)

positions = st.integers(0, 48_000 * 86_400)


def test_a_part_is_whole_in_both_codecs_and_in_ticks() -> None:
    assert (PART % 1024, PART % 960, PART % TICK) == (0, 0, 0)
    assert (PART // 1024, PART // 960) == (45, 48)
    assert (PART_SECONDS, SEGMENT) == (0.96, 4 * PART)


@given(positions)
def test_every_sample_lies_in_its_part_and_its_segment(position: int) -> None:
    part = part_at(position)

    assert part * PART <= position < (part + 1) * PART
    assert segment_of(part) == position // SEGMENT


@given(positions)
def test_a_restarted_stage_resumes_at_the_next_part_and_never_before(position: int) -> None:
    start = next_part_start(position)

    assert start % PART == 0
    assert 0 <= start - position < PART


def test_the_position_follows_the_wall_clock() -> None:
    assert position_at(1_700_000_001.5, 1_700_000_000.0) == 72_000
