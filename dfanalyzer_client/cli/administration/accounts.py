"""Accounts for `keras-prov db init`: their options, their passwords, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TextIO, TypeVar

import click

from ...errors import DfAnalyzerError, RefusedError
from ...store import Connection
from ..common import say
from ..passwords import asked_password

__all__ = ["Account", "account_options", "add_accounts", "named_accounts"]

Command = TypeVar("Command", bound=Callable[..., Any])


class Account(NamedTuple):
    """An account that was asked for, and whether it is to write."""

    name: str
    writes: bool


def account_options(command: Command) -> Command:
    """Add ``--reader``, ``--writer`` and ``--passwords`` to a command."""
    options = (
        click.option(
            "--reader",
            "readers",
            metavar="NAME",
            multiple=True,
            help="An account that may only SELECT, also from what is captured later. Repeatable.",
        ),
        click.option(
            "--writer",
            "writers",
            metavar="NAME",
            multiple=True,
            help="An account that may capture; it gets the role sysadmin. Repeatable.",
        ),
        click.option(
            "--passwords",
            type=click.File(encoding="utf-8"),
            help="A file with the password of each account, one per line, readers first; - for "
            "standard input. Default: you are asked.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def named_accounts(readers: tuple[str, ...], writers: tuple[str, ...]) -> list[Account]:
    """The accounts that options name, readers first; raises DefinitionError if a name is none."""
    from ...store.rights.accounts import check_account_name  # imports the driver

    accounts = [Account(name, False) for name in readers] + [
        Account(name, True) for name in writers
    ]
    for account in accounts:
        check_account_name(account.name)
    twice = sorted({*readers} & {*writers})
    if twice:
        raise DfAnalyzerError(
            f"An account either reads or writes, and writers may read, too. Received: {twice[0]!r} "
            "as both."
        )
    return accounts


def add_accounts(connection: Connection, accounts: list[Account], passwords: TextIO | None) -> None:
    """Create the accounts that are missing, and give all of them the rights that they lack."""
    given = None if passwords is None else _lines(passwords, len(accounts))
    for account in accounts:
        password = None if given is None else next(given)
        try:
            _add(connection, account, password)
        except RefusedError as error:
            raise _explained(error, connection) from error


def _add(connection: Connection, account: Account, password: str | None) -> None:
    from ...store.rights.accounts import create_account, has_account

    is_new = not has_account(connection, account.name)
    if is_new:
        create_account(connection, account.name, password or _asked(connection, account.name))
    _give_rights(connection, account, "was created" if is_new else "is there already")


def _give_rights(connection: Connection, account: Account, state: str) -> None:
    from ...store.rights.accounts import let_read, let_write

    if not account.writes:
        count = let_read(connection, account.name)
        say(f"The account {account.name} {state}: it may read {count} more tables and views.")
    elif let_write(connection, account.name):
        say(f"The account {account.name} {state}: it may write.")
    else:
        say(
            f"The account {account.name} {state}: it may write. This server knows no default "
            "roles: clients other than keras-prov have to say SET ROLE sysadmin first."
        )


def _asked(connection: Connection, name: str) -> str:
    return asked_password(
        f"the new account {name} at {connection.url.host}",
        "name a file that has it with --passwords",
        is_new=True,
    )


def _lines(passwords: TextIO, count: int) -> Iterator[str]:
    """The password of each account; raises DfAnalyzerError if there are fewer or more."""
    lines = passwords.read().splitlines()
    if len(lines) != count or not all(lines):
        raise DfAnalyzerError(
            f"--passwords expects a line for each account, none of them empty. Received: "
            f"{sum(map(bool, lines))} for {count} accounts."
        )
    return iter(lines)


def _explained(error: RefusedError, connection: Connection) -> RefusedError:
    """What to do, if the user lacks the right to create accounts."""
    from ...store.driver_errors import lacks_rights

    if not lacks_rights(error):
        return error
    return RefusedError(
        f"The user {connection.url.user} may not create accounts, or not give them rights ({error})"
        ": run this as monetdb, the server's administrator."
    )
