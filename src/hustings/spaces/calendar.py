"""A Space as a calendar entry (RFC 5545), pure. Times are UTC, so every calendar shows them in its own zone."""

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from hustings.documents.space import SpaceState
from hustings.spaces.errors import NoStartTime
from hustings.store.values import SpaceRecord

LENGTH = timedelta(hours=1)  # what a calendar shows of a conversation whose end nobody knows
REMIND = timedelta(minutes=-10)


def calendar_of(space: SpaceRecord, url: str, host: str, now: float) -> bytes:
    """The `.ics` file; a cancelled Space cancels the entry of the same UID (RFC 5546). Raises NoStartTime."""
    if space.starts_at is None:
        raise NoStartTime("This Space has no start time, so there is nothing to put in a calendar.")
    cancelled = space.state is SpaceState.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", "-//Hustings//Spaces//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    start = datetime.fromtimestamp(space.starts_at, UTC)
    event = Event()
    event.add("uid", f"{space.id}@{host}")
    event.add("dtstamp", datetime.fromtimestamp(now, UTC))
    event.add("dtstart", start)
    event.add("dtend", start + LENGTH)
    event.add("sequence", space.revision)
    event.add("summary", space.title)
    event.add("description", f"{space.description}\n\n{url}".strip())
    event.add("url", url)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        event.add_component(_reminder(space.title))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _reminder(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", REMIND)
    return alarm
