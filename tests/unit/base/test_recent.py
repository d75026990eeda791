"""A set with a memory that ends."""

from hustings.base.recent import Recent


def test_the_oldest_is_forgotten_when_one_more_comes() -> None:
    recent = Recent(2)
    for name in ("a", "b", "a", "c"):
        recent.add(name)

    assert "a" in recent
    assert "b" not in recent
    assert "c" in recent


def test_what_is_discarded_is_not_there_and_may_come_back() -> None:
    recent = Recent(2)
    recent.add("a")
    recent.discard("a")
    recent.discard("a")
    assert "a" not in recent
    recent.add("a")
    assert "a" in recent
