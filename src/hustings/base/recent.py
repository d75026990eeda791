"""A set that remembers only its newest members: for ids that are seldom asked for again, and never all at once."""


class Recent:
    """At most `size` strings; the oldest is forgotten when one more comes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: dict[str, None] = {}

    def add(self, member: str) -> None:
        self._kept.pop(member, None)
        self._kept[member] = None
        if len(self._kept) > self._size:
            del self._kept[next(iter(self._kept))]

    def discard(self, member: str) -> None:
        self._kept.pop(member, None)

    def __contains__(self, member: str) -> bool:
        return member in self._kept
