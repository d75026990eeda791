"""How much may be sent where: one table for the front door and for the roles behind it, and one sentence above it."""

from hustings.base.errors import TooLarge

KILO, MEGA = 1_000, 1_000_000

DOCUMENT = 64 * KILO  # bytes of any JSON or SDP of ours, many times over
MUSIC = 100 * MEGA  # bytes of a file that is uploaded
UPLOAD = MUSIC + 64 * KILO  # bytes: the file and the form around it
NOTHING = KILO  # bytes, where no body is expected
COUNT = 2 * MEGA  # bytes of what an edge says of one Space's listeners: all its sketches when full are half of it
BEACON = 512  # bytes of what a page says of its playing


def too_large(most: int) -> TooLarge:
    size = f"{most // MEGA} MB" if most >= MEGA else f"{most // KILO} KB" if most >= KILO else f"{most} bytes"
    return TooLarge(f"This is too large: at most {size} can be sent here.")
