"""The log as it goes out, and that the probe for what must not be in it can see."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from tests.support.town_log import faults
from tools.write_reference import events

from hustings.server.role import configure_logging

GOOD = '{"event": "space deleted", "space": "01hzx2v9k1qwertys8", "level": "info", "timestamp": "2026-08-12T20:00Z"}'


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    hook, handlers = sys.excepthook, logging.root.handlers[:]
    yield
    sys.excepthook = hook
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that was logged, which is free of fault."""
    (line,) = capsys.readouterr().err.splitlines()
    assert faults(line, set()) == []
    return dict(json.loads(line))


def test_every_event_is_a_literal_and_in_no_call_a_sentence_made_of_values() -> None:
    assert [event for event in events() if event.name is None] == []
    assert len(events()) > 40


def test_no_field_is_named_for_what_people_write_or_are() -> None:
    personal = {"title", "name", "text", "description", "address", "ip", "token", "secret", "password", "user_agent"}

    assert [event for event in events() if event.fields & personal] == []


@pytest.mark.usefixtures("_logging_as_it_was")
def test_what_a_library_says_is_one_line_without_what_it_put_in(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    logging.getLogger("aioice.ice").warning("Connection from %s\nrefused", "203.0.113.9")
    logging.getLogger("aioice.ice").info("Connection from %s", "203.0.113.9")

    line = told(capsys)
    assert (line["event"], line["library"], line["told"]) == (
        "a library reported",
        "aioice.ice",
        "Connection from %s",
    )


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_process_that_fails_says_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    sys.excepthook(LookupError, LookupError("no such thing"), None)

    line = told(capsys)
    assert line["event"] == "process failed"
    assert "no such thing" in line["exception"]


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.filterwarnings("default")
def test_a_warning_of_pythons_is_an_event_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    warnings.warn("something is old", stacklevel=1)

    assert told(capsys)["library"] == "py.warnings"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (GOOD.replace("space deleted", "Ada deleted a space"), "not in the reference"),
        (GOOD.replace('"level"', '"title": "x", "level"'), "fields not in the reference"),
        (GOOD.replace("01hzx2v9k1qwertys8", "hst_0123456789abcdefghjkmnpqrs"), "a token of an account"),
        (GOOD.replace("01hzx2v9k1qwertys8", "seat.eyJhbGciOiJ"), "a token of a seat"),
        (GOOD.replace("01hzx2v9k1qwertys8", "0123456789abcdefghjkmnpqrs"), "a secret of a link"),
        (GOOD.replace("01hzx2v9k1qwertys8", "5d41402abc4b2a76b9719d911017c592"), "a key"),
        (GOOD.replace("01hzx2v9k1qwertys8", "203.0.113.9"), "an address"),
        (GOOD.replace("01hzx2v9k1qwertys8", "2001:db8:0:0::1"), "an address"),
        (GOOD.replace("01hzx2v9k1qwertys8", "Ben Okafor"), "written by somebody"),
        ("Traceback (most recent call last):", "no event"),
    ],
)
def test_the_probe_sees_what_must_not_be_there(line: str, fault: str) -> None:
    assert faults(GOOD, {"Ben Okafor"}) == []
    assert any(told.startswith(fault) or fault in told for told in faults(line, {"Ben Okafor"}))
