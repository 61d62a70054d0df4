"""`keras-prov questions`: questions in SQL by their names, installed and saved ones."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Sequence
from pathlib import Path

import click

from ...config import settings
from ...errors import (
    DefinitionError,
    PrivateServerError,
    RefusedError,
    StoreError,
    UnknownTagError,
)
from ...questions import (
    Question,
    bound,
    check_form,
    check_syntax,
    parameters_of,
    remove_question,
    save_question,
    saved_questions,
    shipped_questions,
)
from ...questions.sql_cures import cure, enter_schema, need
from ...store import Connection
from ...store.reading import Catalogue
from ...support.name_lists import listed
from ..common import form_options, friendly_errors, print_rows, reading, say, store_option
from ..completions import dataflow_tags, question_names
from ..strict_command import StrictCommand
from ..tables import print_table

__all__ = ["questions"]

DATAFLOW = "dataflow"
"""The parameter that also names the schema."""


@click.command(cls=StrictCommand)
@click.argument("name", required=False, shell_complete=question_names)
@click.argument("parameters", metavar="[PARAMETER=VALUE]...", nargs=-1)
@click.option(
    "--dataflow",
    metavar="TAG",
    shell_complete=dataflow_tags,
    help="The dataflow that is asked about.",
)
@click.option("--sql", "show_sql", is_flag=True, help="Print the statement instead of its rows.")
@click.option(
    "--save", metavar="NAME SQL", nargs=2, help="Save a statement under a name; :x is a parameter."
)
@click.option(
    "--remove", metavar="NAME", shell_complete=question_names, help="Remove a saved question."
)
@form_options
@store_option
def questions(
    name: str | None,
    parameters: tuple[str, ...],
    *,
    dataflow: str | None,
    show_sql: bool,
    save: tuple[str, str] | None,
    remove: str | None,
    form: str | None,
    store: str | None,
) -> None:
    """Ask the question NAME and print its rows; without NAME, list the questions.

    The statement of a question may have parameters; a comment `-- :x = 1` in it gives a default.

    Example: keras-prov questions best_configuration --dataflow densed
    """
    if name is not None and (save or remove):
        quoted = " The SQL after --save NAME is one argument: put it in quotes." if save else ""
        raise click.UsageError(f"Give a NAME to ask, --save or --remove: one of the three.{quoted}")
    with friendly_errors():
        home = settings.home()
        if save:
            _save(home, *save, store)
            say(f"Saved: `keras-prov questions {save[0]}` asks it.", err=True)
        if remove:
            remove_question(home, remove)
        if save or remove:
            return
        if name is None:
            _list(home)
            return
        question = _named(name, home)
        if show_sql:
            say(question.text.rstrip())
            return
        _ask(question, _given(parameters, dataflow, question), dataflow, form, store)


def _save(home: Path, name: str, text: str, store: str | None) -> None:
    """Save a question, after the database has read it, if one answers."""
    check_form(text)
    with contextlib.suppress(StoreError, PrivateServerError), reading(store) as connection:
        check_syntax(connection, name, text)
    save_question(home, name, text)


def _ask(
    question: Question,
    given: dict[str, str],
    dataflow: str | None,
    form: str | None,
    store: str | None,
) -> None:
    schema = dataflow or given.get(DATAFLOW) or question.defaults.get(DATAFLOW)
    with reading(store) as connection:
        if DATAFLOW in parameters_of(question) and schema is None:
            raise _without_dataflow(connection, question)
        statement, values = bound(question, given)
        try:
            enter_schema(connection, schema)
            with connection.transaction():
                columns, rows, _ = connection.table(statement, values)
        except (UnknownTagError, RefusedError) as error:
            is_named = dataflow is not None or DATAFLOW in given
            is_elsewhere = isinstance(error, UnknownTagError) or cure(connection, statement, error)
            if is_named or not is_elsewhere:
                needed = isinstance(error, RefusedError) and need(question, schema, error)
                if needed:
                    raise DefinitionError(needed) from None
                raise
            raise _without_dataflow(connection, question) from None
    print_rows(columns, rows, form)


def _without_dataflow(connection: Connection, question: Question) -> DefinitionError:
    with connection.transaction():
        known = [tag for _, tag in Catalogue(connection).dataflows()]
    there_are = f"There are: {listed(reversed(known))}." if known else "Nothing is stored yet."
    return DefinitionError(
        f"The question {question.name!r} asks about one dataflow: name it with --dataflow TAG. "
        f"{there_are}"
    )


def _given(parameters: Sequence[str], dataflow: str | None, question: Question) -> dict[str, str]:
    given = {}
    for text in parameters:
        name, is_pair, value = text.partition("=")
        if not is_pair:
            raise click.UsageError(f"Expected PARAMETER=VALUE. Received: {text!r}.")
        given[name] = value
    if dataflow is not None and f":{DATAFLOW}" in bare(question.text):
        given[DATAFLOW] = dataflow.lower()
    return given


def bare(text: str) -> str:
    """A statement without the lines that are comments."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def _list(home: Path) -> None:
    known = [*shipped_questions(), *saved_questions(home)]
    rows = [(each.name, "saved" if each.is_saved else "installed", each.title) for each in known]
    print_table(["question", "from", "what it asks"], rows)


def _named(name: str, home: Path) -> Question:
    known = {each.name: each for each in (*shipped_questions(), *saved_questions(home))}
    if name not in known:
        close = difflib.get_close_matches(name, known)
        advice = f"Did you mean {close[0]!r}? " if close else ""
        raise UnknownTagError(
            f"There is no question {name!r}. {advice}`keras-prov questions` lists them."
        )
    return known[name]
