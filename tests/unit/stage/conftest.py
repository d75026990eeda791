"""The generated beds take a fraction of a second to make: once for all tests of the stage."""

import pytest

from hustings.audio.beds import end_sound, hold_bed, preshow_bed


@pytest.fixture(scope="session")
def beds() -> None:
    preshow_bed()
    hold_bed()
    end_sound()
