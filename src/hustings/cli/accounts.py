"""Commands about accounts."""

import asyncio
from enum import Enum
from typing import Annotated, Any

import typer

from hustings import console
from hustings.base.clock import SystemClock
from hustings.cli.options import Data, Json, require_command, settings_of
from hustings.square.creation import Created
from hustings.square.creation import create_account as make_account
from hustings.square.creation import recover_account as recover
from hustings.store.values import AccountRole

app = typer.Typer(rich_markup_mode=None)
account = typer.Typer(help="Accounts of this installation.", rich_markup_mode=None)
app.add_typer(account, name="account", callback=require_command, invoke_without_command=True)


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
