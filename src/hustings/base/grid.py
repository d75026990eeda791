"""The programme's grid: everything that is numbered is a function of the sample clock alone.

A part is 45 AAC frames of 1,024 samples or 48 Opus frames of 960, exactly; four parts are a segment. So the
numbers are the same in every rendition and after every restart.
"""

SAMPLE_RATE = 48_000  # Hz
TICK = 960  # samples: 20 ms, the mixer's step and an Opus frame
TICK_SECONDS = TICK / SAMPLE_RATE
PART = 46_080  # samples: 0.96 s
PARTS_PER_SEGMENT = 4
SEGMENT = PART * PARTS_PER_SEGMENT  # samples: 3.84 s
PART_SECONDS = PART / SAMPLE_RATE
SEGMENT_SECONDS = SEGMENT / SAMPLE_RATE


def part_at(position: int) -> int:
    """The number of the part that holds sample `position`."""
    return position // PART


def segment_of(part: int) -> int:
    """The media sequence number of the segment that holds part `part`."""
    return part // PARTS_PER_SEGMENT


def next_part_start(position: int) -> int:
    """The first sample of the first part that begins at or after `position`: where a restarted stage resumes."""
    return -(-position // PART) * PART


def position_at(now: float, doors_at: float) -> int:
    """The sample being spoken at Unix time `now` by a programme whose sample 0 was at `doors_at`."""
    return int((now - doors_at) * SAMPLE_RATE)
