"""`keras-prov sql`: a statement and its rows."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ..errors import RefusedError
from ..store import Connection
from .common import friendly_errors, print_table, reading, store_option

__all__ = ["sql"]

PROMPT, CONTINUED = "sql> ", "  -> "


@click.command()
@click.argument("statement", required=False)
@click.option("--csv", "form", flag_value="csv", help="Print rows as CSV, with a header.")
@click.option("--json", "form", flag_value="json", help="Print rows as a JSON list of objects.")
@store_option
def sql(statement: str | None, form: str | None, store: str | None) -> None:
    """Run STATEMENT and print its rows; without one, ask for statements.

    The private server is asked as a user who may only SELECT.

    Example: keras-prov sql 'SELECT * FROM "public".dataflow_execution'
    """
    with friendly_errors(), reading(store) as connection:
        if statement is not None:
            _run(connection, statement, form)
            return
        failed = False
        for typed in _typed_statements():
            try:
                _run(connection, typed, form)
            except RefusedError as error:
                failed = True
                click.echo(f"Error: {error}", err=True)
    if failed and not sys.stdin.isatty():
        raise SystemExit(1)  # a script that pipes statements in wants to know


def _run(connection: Connection, statement: str, form: str | None) -> None:
    with connection.transaction():
        columns, rows, count = connection.table(statement.strip().rstrip(";"))
    if not columns:
        click.echo(f"{count} rows affected." if count > 0 else "Done.", err=True)
    elif form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows(rows)
    elif form == "json":
        click.echo(json.dumps(_objects(columns, rows), default=str, indent=1, ensure_ascii=False))
    else:
        print_table(columns, rows)
        click.echo(f"{len(rows)} row{'s' * (len(rows) != 1)}", err=True)


def _objects(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _typed_statements() -> Iterator[str]:
    """Statements from the terminal or a pipe, each to its semicolon; an end of file ends it."""
    if sys.stdin.isatty():
        import readline  # noqa: F401 (gives input() line editing and a history)

        click.echo("Statements end with a semicolon; \\q or Ctrl-D leaves.", err=True)
    pending = ""
    while True:
        try:
            line = _line(CONTINUED if pending else PROMPT)
        except (EOFError, KeyboardInterrupt):
            break
        if not pending and line.strip() in ("\\q", "quit", "exit"):
            return
        pending = f"{pending}\n{line}" if pending else line
        if pending.rstrip().endswith(";"):
            yield pending
            pending = ""
        elif not pending.strip():
            pending = ""
    if pending.strip():
        yield pending


def _line(prompt: str) -> str:
    return input(prompt if sys.stdin.isatty() else "")
