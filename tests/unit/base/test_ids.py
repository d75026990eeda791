import re

from hustings.base.ids import new_id, new_secret


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id(1_700_000_000 + seconds) for seconds in range(50)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 50


def test_ids_and_secrets_are_safe_in_addresses_and_file_names() -> None:
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{18}", new_id(1_700_000_000.123))
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", new_secret())


def test_ids_of_one_instant_and_secrets_differ() -> None:
    assert len({new_id(1.0) for _ in range(1000)}) == 1000
    assert len({new_secret() for _ in range(1000)}) == 1000
