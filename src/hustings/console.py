"""How commands talk: data on stdout, everything said to a person on stderr; readable without colour and without a
terminal. Decides nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from hustings.base.errors import HustingsError
from hustings.clients.listener import ListenReport
from hustings.clients.speaker import SpeakerProgress, SpeakerState
from hustings.ops.archive import Contents, Told

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


def copying(doing: str, shown: Progress) -> Told:
    """What tells how far a copy is."""

    def told(done: int, total: int, what: str) -> None:
        shown.tell(f"{doing} {what}  {size_of(done)} of {size_of(total)}", what)

    return told


def size_of(count: int) -> str:
    """0.3 MB, 12 MB, 3.4 GB."""
    megabytes = count / 1e6
    if megabytes >= 1000:
        return f"{megabytes / 1000:.1f} GB"
    return f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


def contents_line(contents: Contents) -> str:
    made = datetime.fromtimestamp(contents.made_at, UTC)
    recordings = "recordings included" if contents.recordings else "without recordings"
    return (
        f"{len(contents.files)} files, {size_of(contents.size)}, {recordings}, "
        f"as of {made:%Y-%m-%d %H:%M} UTC by Hustings {contents.version}"
    )


def contents_document(contents: Contents) -> dict[str, Any]:
    """For a program: what is in a backup, in figures."""
    told = msgspec.to_builtins(contents)
    return {**told, "files": len(contents.files), "size": contents.size}


def clock_face(seconds: float) -> str:
    """0:07, 12:34, 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


_SPEAKING = {
    SpeakerState.CONNECTING: "Connecting",
    SpeakerState.SPEAKING: "Speaking",
    SpeakerState.RECONNECTING: "Connection lost, coming back",
    SpeakerState.DONE: "Done",
}


def speaking_line(told: SpeakerProgress) -> str:
    over = "over and over" if told.looping else "of"
    line = f"{_SPEAKING[told.state]}  {clock_face(told.position)} {over} {clock_face(told.duration)}"
    if told.connections > 1:
        line += f"  connection {told.connections}"
    return f"{line}  ({told.because})" if told.because else line


def listening_line(report: ListenReport) -> str:
    late = "" if report.lateness_median is None else f"  {report.lateness_median:.2f} s behind"
    return f"Listening  {clock_face(report.seconds)}  {_level(report)}{late}  {_faults(report)}"


def listening_report(report: ListenReport) -> list[str]:
    """The report as lines for a person."""
    lines = [
        f"Heard {report.seconds:.1f} s from {report.playlist}",
        f"level           {_level(report)}, silent for {report.silent:.1f} s",
        f"faults          {_faults(report)}",
        f"fetched         {report.received / 1000:.0f} kB in {report.requests} requests",
    ]
    if report.join is not None:
        lines.insert(1, f"first sound     {report.join:.2f} s after asking")
    if report.lateness_median is not None:
        lines.insert(2, f"in hand after   {_lateness(report)} from its last sample")
    return lines


def _lateness(report: ListenReport) -> str:
    told = {"median": report.lateness_median, "95 %": report.lateness_95, "worst": report.lateness_max}
    return ", ".join(f"{seconds:.2f} s ({name})" for name, seconds in told.items())


def _level(report: ListenReport) -> str:
    return "silence" if report.level is None else f"{report.level:.1f} dBFS"


def _faults(report: ListenReport) -> str:
    told = [
        f"{report.stalls} stalls ({report.stalled:.1f} s)" if report.stalls else "",
        f"{report.gaps} gaps ({report.missing:.1f} s)" if report.gaps else "",
        f"{report.errors} failed requests" if report.errors else "",
    ]
    return ", ".join(fault for fault in told if fault) or "no faults"
