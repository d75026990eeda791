"""How often something may happen."""

from hustings.base.allowance import Allowance


def taken(allowance: Allowance, times: list[float]) -> int:
    return sum(allowance.take(at) for at in times)


def test_a_burst_may_come_at_once_and_no_more() -> None:
    assert taken(Allowance(10, 5), [7.0] * 20) == 5


def test_at_the_rate_it_goes_on_for_ever() -> None:
    assert taken(Allowance(10, 5), [n / 10 for n in range(1000)]) == 1000


def test_above_the_rate_only_the_rate_is_left() -> None:
    assert taken(Allowance(10, 5), [n / 100 for n in range(1000)]) == 5 + 99


def test_a_rest_earns_one_burst() -> None:
    allowance = Allowance(10, 5)
    taken(allowance, [0.0] * 5)
    assert taken(allowance, [1000.0] * 20) == 5
