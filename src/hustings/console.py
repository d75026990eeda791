"""How commands talk: data on stdout, everything said to a person on stderr; readable without colour and without a
terminal. Decides nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import Any

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from hustings.base.errors import HustingsError

people = Console(stderr=True, highlight=False, soft_wrap=True)


def data(text: str) -> None:
    """One line of what was asked for."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def data_json(value: Any) -> None:
    """A document for a program: enums by value, floats to the microsecond."""
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    data(msgspec.json.encode(_rounded(msgspec.to_builtins(plain))).decode())


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value


def say(sentence: str) -> None:
    people.print(sentence, markup=False)


def report_error(error: HustingsError, *, as_json: bool) -> None:
    people.print(Text.assemble(("error: ", "bold"), str(error)))
    if as_json:
        data_json({"error": str(error), "code": error.code})


class Progress:
    """A line that changes in place on a terminal; elsewhere a line for each change of state."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._said = ""

    def tell(self, line: str, state: str) -> None:
        if self._live is not None:
            self._live.update(Text(line))
        elif state != self._said:
            say(line)
        self._said = state


@contextmanager
def progress() -> Iterator[Progress]:
    if not people.is_terminal:
        yield Progress(None)
        return
    with Live(console=people, refresh_per_second=4, transient=True) as live:
        yield Progress(live)
