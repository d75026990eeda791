"""The command line: arguments to calls, answers to exit codes. No logic.

Exit codes: 0 only when it did what was asked; 1 when it could not; 2 when it was asked wrongly.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from hustings import __version__, console
from hustings.base.clock import SystemClock
from hustings.base.errors import HustingsError
from hustings.base.settings import ALL_ROLES
from hustings.cli.fleet import fleet
from hustings.cli.options import Data, Host, Json, Port, settings_of
from hustings.clients.addresses import space_address
from hustings.clients.errors import BadAddress
from hustings.clients.listener import Form, Listener, ListenReport
from hustings.clients.media import WavWriter, read_voice
from hustings.clients.speaker import Speaker, SpeakerProgress
from hustings.clients.voice import Voice
from hustings.ops import doctor as ops_doctor
from hustings.ops.backup import back_up
from hustings.ops.restore import restore
from hustings.server import serve as server
from hustings.server.role import LAST, give_way
from hustings.square.creation import Created
from hustings.square.creation import create_account as make_account
from hustings.square.creation import recover_account as recover
from hustings.store.values import AccountRole

app = typer.Typer(
    name="hustings",
    help="Live conversations that start on time, on a server of your own.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
account = typer.Typer(help="Accounts of this installation.", rich_markup_mode=None)
app.add_typer(account, name="account")
app.add_typer(fleet)

SAMPLE_ROLE = "sample"
INTERRUPTED = 130  # as shells say it: 128 + SIGINT

SpaceUrl = Annotated[str, typer.Argument(metavar="SPACE_URL", help="Address of the Space, as copied from its page.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(given, standalone_mode=False)
    except HustingsError as error:
        console.report_error(error, as_json="--json" in given)
        return 2 if isinstance(error, BadAddress) else 1
    except typer.TyperException as error:
        console.say(f"error: {error.format_message()}")
        console.say("hint: hustings --help, or --help after the command, lists what there is")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return int(code or 0)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    if version:
        console.data(__version__)
        raise typer.Exit
    _require_command(context)


@account.callback(invoke_without_command=True)
def _require_command(context: typer.Context) -> None:
    """Without a command there is nothing to do, and the help says what there is."""
    if context.invoked_subcommand is None:
        console.say(context.get_help())
        raise typer.Exit(2)


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    sample: Annotated[bool, typer.Option("--sample", help="Begin with a sample conversation, live.")] = False,
    roles: Annotated[str, typer.Option(help="Which roles this process runs, separated by commas.")] = ",".join(
        ALL_ROLES
    ),
) -> int:
    """Serve a town: front door, stage and control.

    Each is a process of its own, started again when it dies.
    """
    wanted = tuple(role.strip() for role in roles.split(","))
    if unknown := set(wanted) - {*ALL_ROLES, SAMPLE_ROLE}:
        raise typer.BadParameter(f"There is no role {', '.join(sorted(unknown))}. Roles: {', '.join(ALL_ROLES)}.")
    return server.serve(settings_of(host=host, port=port, data=data), wanted, sample)


@account.command("create")
def account_create(
    name: Annotated[str, typer.Argument(help="Name in addresses: letters, digits, underscores.")],
    role: Annotated[AccountRole, typer.Option(help="What the account may do here.")] = AccountRole.MEMBER,
    token: Annotated[bool, typer.Option("--token", help="Print a bearer token for programs, last.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> int:
    """Make an account.

    Prints a one-time link at which the person sets a password, or a bearer token. Works beside a running server.
    """
    settings = settings_of(data=data)
    if not settings.data.exists():
        console.say(f"There was no data folder {settings.data}; it is made now.")
    made = asyncio.run(make_account(settings, SystemClock(), name, role, token=token))
    return _told(made, "Made", as_json=as_json)


@account.command("recover")
def account_recover(
    name: Annotated[str, typer.Argument(help="Name of the account.")], data: Data = None, as_json: Json = False
) -> int:
    """Let somebody in again who has lost every way in.

    Prints a one-time link at which the person sets a password. From then on nothing else opens the account:
    password, passkeys, sessions and tokens of before end at once. Works beside a running server.
    """
    return _told(asyncio.run(recover(settings_of(data=data), SystemClock(), name)), "Recovered", as_json=as_json)


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
            shown.tell(console.speaking_line(progress), progress.state.value + progress.because)

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
            shown.tell(console.listening_line(report), "listening")

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
        for line in console.listening_report(report):
            console.data(line)
    if seconds is not None and report.seconds + report.missing < seconds - 0.01:
        console.say(f"The programme ended after {report.seconds:.1f} s of the {seconds:g} s asked for.")
        return 1
    return 0


@app.command()
def doctor(host: Host = None, port: Port = None, data: Data = None, as_json: Json = False) -> int:
    """Look for what would go wrong here.

    Says of each thing how it is, and what to do about it. Exits with 1 when a conversation could not be held.
    """
    findings = ops_doctor.examine(settings_of(host=host, port=port, data=data), SystemClock())
    if as_json:
        console.data_json({"findings": findings, "well": ops_doctor.well(findings)})
    else:
        for line in ops_doctor.lines(findings):
            console.data(line)
    return 0 if ops_doctor.well(findings) else 1


@app.command()
def backup(
    out: Annotated[
        Path | None, typer.Option(help="File to write, or the folder for it; a new name by the time.")
    ] = None,
    *,
    no_recordings: Annotated[
        bool, typer.Option("--no-recordings", help="Leave out the recordings, which are most of it.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> int:
    """Copy the data folder into one archive.

    Works while a conversation is live, and gives way to it. The archive holds keys and recordings: keep it safe.
    """
    give_way(LAST)
    settings = settings_of(data=data)
    with console.progress() as shown:
        path, contents = back_up(
            settings, SystemClock(), out, console.copying("Copying", shown), recordings=not no_recordings
        )
    if contents.schema is None:
        console.say("The database is a server's own, and not in this archive: back it up there.")
    console.say(f"Backed up {console.contents_line(contents)}.")
    if as_json:
        console.data_json({"archive": str(path), **console.contents_document(contents)})
    else:
        console.data(str(path))
    return 0


@app.command("restore")
def restore_backup(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="What hustings backup wrote.")],
    data: Data = None,
    as_json: Json = False,
) -> int:
    """Put a backup into a new data folder.

    Only into one that is empty, and only when all of the archive is as it was written.
    """
    settings = settings_of(data=data)
    with console.progress() as shown:
        contents = restore(archive, settings.data, console.copying("Restoring", shown))
    console.say(f"Restored {console.contents_line(contents)}.")
    if as_json:
        console.data_json(console.contents_document(contents))
    else:
        console.data(f"hustings serve --data {settings.data}")
    return 0


def _told(made: Created, done: str, *, as_json: bool) -> int:
    if as_json:
        console.data_json(_public(made))
        return 0
    console.say(f"{done} the account {made.account.name} ({made.account.role.value}).")
    if made.link:
        console.say("Give this link to the person; it works once:")
    console.data(made.token or made.link or "")
    return 0


def _public(made: Created) -> dict[str, Any]:
    told = {"name": made.account.name, "role": made.account.role.value, "token": made.token, "link": made.link}
    return {
        key: value.value if isinstance(value, Enum) else value for key, value in told.items() if value is not None
    }
