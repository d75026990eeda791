"""What a benchmark's figures must keep to, in words and in the exit code: a worse figure must not pass unseen."""

import sys


def exit_code(*limits: tuple[str, bool]) -> int:
    """1 when any limit is broken. Each is what must hold, with its figure, and whether it does; broken ones are named
    on standard error.
    """
    broken = [told for told, holds in limits if not holds]
    for told in broken:
        sys.stderr.write(f"broken: {told}\n")
    return int(bool(broken))
