"""Commands that speak and listen, and what they say of it meanwhile."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from hustings import console
from hustings.base.clock import SystemClock
from hustings.cli.options import Json
from hustings.clients.addresses import space_address
from hustings.clients.listener import Form, Listener, ListenReport
from hustings.clients.media import WavWriter, read_voice
from hustings.clients.speaker import Speaker, SpeakerProgress, SpeakerState
from hustings.clients.voice import Voice

app = typer.Typer(rich_markup_mode=None)

SpaceUrl = Annotated[str, typer.Argument(metavar="SPACE_URL", help="Address of the Space, as copied from its page.")]


@app.command()
def speak(
    space: SpaceUrl,
    file: Annotated[Path, typer.Option(help="What to say: any audio file, such as WAV or FLAC.")],
    token: Annotated[str, typer.Option(envvar="HUSTINGS_TOKEN", help="An account's token or a seat's.")],
    *,
    loop: Annotated[bool, typer.Option("--loop", help="Say it over and over until stopped.")] = False,
    insist: Annotated[bool, typer.Option("--insist", help="Wait for a server that does not answer yet.")] = False,
    second: Annotated[
        bool, typer.Option("--second", help="Beside who sits on the seat, heard when that one falls silent.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Speak a recording into a Space.

    It goes in by WHIP as a microphone would, and comes back by itself when the connection is lost.
    """
    last: list[SpeakerProgress] = []
    _end_like_ctrl_c()

    async def run(shown: console.Progress) -> None:
        def told(progress: SpeakerProgress) -> None:
            last[:] = [progress]
            shown.tell(speaking_line(progress), progress.state.value + progress.because)

        voice = Voice(read_voice(file), loop=loop)
        async with httpx.AsyncClient(timeout=10.0) as http:
            address = space_address(space)
            await Speaker(
                http,
                SystemClock(),
                address=address,
                token=token,
                voice=voice,
                insist=insist,
                second=second,
                told=told,
            ).run()

    try:
        with console.progress() as shown:
            asyncio.run(run(shown))
    except KeyboardInterrupt:
        if not loop:
            raise
    if as_json and last:
        console.data_json(last[0])
    return 0


@app.command()
def listen(
    space: SpaceUrl,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after this much sound.")] = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Write what is heard as a WAV file.")] = None,
    form: Annotated[
        Form, typer.Option(help="Low-latency, plain, or what the multivariant playlist names.")
    ] = Form.AUTO,
    rendition: Annotated[str, typer.Option(help="Which encoding to follow with --form ll or plain.")] = "aac64",
    as_json: Json = False,
) -> int:
    """Listen to a Space as a player does.

    Reports how it arrived: first sound, lateness, stalls, gaps, level. Ctrl-C ends it.
    """
    heard: list[ListenReport] = []
    _end_like_ctrl_c()

    async def run(shown: console.Progress, wav: WavWriter | None) -> None:
        def told(report: ListenReport) -> None:
            heard[:] = [report]
            shown.tell(listening_line(report), "listening")

        async with httpx.AsyncClient() as http:
            listener = Listener(
                http,
                SystemClock(),
                address=space_address(space),
                form=form,
                rendition=rendition,
                seconds=seconds,
                told=told,
                **({} if wav is None else {"hear": wav.write}),
            )
            told(await listener.run())

    _interruptible(seconds is None, run, out)
    return _listened(heard, seconds, as_json=as_json)


def _end_like_ctrl_c() -> None:
    """A service manager's SIGTERM ends a command as a person's Ctrl-C does: sessions are closed, files are whole."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def _interruptible(may_end_early: bool, run: Any, out: Path | None) -> None:
    """Run until it ends; Ctrl-C is an end like any other where no length was asked for."""
    try:
        with console.progress() as shown:
            if out is None:
                asyncio.run(run(shown, None))
                return
            with WavWriter(out) as wav:
                asyncio.run(run(shown, wav))
    except KeyboardInterrupt:
        if not may_end_early:
            raise


def _listened(heard: list[ListenReport], seconds: float | None, *, as_json: bool) -> int:
    if not heard:
        return 1
    report = heard[0]
    if as_json:
        console.data_json(report)
    else:
        for line in listening_report(report):
            console.data(line)
    if seconds is not None and report.seconds + report.missing < seconds - 0.01:
        console.say(f"The programme ended after {report.seconds:.1f} s of the {seconds:g} s asked for.")
        return 1
    return 0


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
