"""When an alarm goes up, and when it goes away."""

from hustings.documents.heard import Place
from hustings.stage.alarms import STAYS, STAYS_LONGER, Alarms, Fault

ECHO = Fault("echo", seat="ben")
DEAD = Fault("dead", seat="ada")
FULL = Fault("disk_full", Place.RECORDING)


class Desk:
    """Looks five times a second; what is wrong is in `wrong`."""

    def __init__(self) -> None:
        self.alarms = Alarms()
        self.now = 0.0
        self.wrong: set[Fault] = set()

    def seconds(self, seconds: float) -> list[Fault]:
        for _ in range(round(seconds * 5)):
            self.now += 0.2
            self.alarms.report("seats", self.wrong)
            self.alarms.look(1_700_000_000.0 + self.now, self.now)
        return [alarm.fault for alarm in self.alarms]


def test_a_fault_is_an_alarm_at_the_next_look_and_the_newest_comes_last() -> None:
    desk = Desk()
    assert desk.seconds(1) == []
    desk.wrong = {ECHO}
    assert desk.seconds(0.2) == [ECHO]
    desk.wrong = {ECHO, DEAD}
    assert desk.seconds(1) == [ECHO, DEAD]


def test_an_alarm_keeps_the_time_it_began() -> None:
    desk = Desk()
    desk.wrong = {DEAD}
    desk.seconds(0.2)
    began = [alarm.since for alarm in desk.alarms]
    desk.seconds(10)
    assert [alarm.since for alarm in desk.alarms] == began == [1_700_000_000.2]


def test_a_cured_fault_goes_away_and_one_that_comes_and_goes_stays() -> None:
    desk = Desk()
    desk.wrong = {DEAD, ECHO}
    desk.seconds(1)
    for _ in range(10):
        desk.wrong = set()
        desk.seconds(STAYS - 0.4)
        desk.wrong = {DEAD}
        assert DEAD in desk.seconds(0.2)
    desk.wrong = set()
    assert desk.seconds(STAYS + 0.2) == []


def test_what_comes_with_speech_outlasts_a_pause_in_it() -> None:
    desk = Desk()
    desk.wrong = {ECHO}
    desk.seconds(1)
    desk.wrong = set()
    assert desk.seconds(STAYS_LONGER["echo"] - 0.4) == [ECHO]
    assert desk.seconds(0.8) == []


def test_sources_do_not_take_each_other_s_alarms_away() -> None:
    desk = Desk()
    desk.alarms.report("recording", {FULL})
    desk.wrong = {DEAD}
    assert set(desk.seconds(1)) == {FULL, DEAD}
    desk.wrong = set()
    assert desk.seconds(10) == [FULL]
    desk.alarms.report("recording", ())
    assert desk.seconds(10) == []


def test_a_removed_seat_takes_its_alarms_with_it_and_leaves_the_others() -> None:
    desk = Desk()
    desk.wrong = {DEAD, ECHO}
    desk.seconds(1)
    desk.alarms.forget("ben")
    assert [alarm.fault for alarm in desk.alarms] == [DEAD]
