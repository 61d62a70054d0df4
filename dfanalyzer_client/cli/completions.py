"""What a shell offers for names: of executions, dataflows, metrics, tags and questions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from ..config import settings
from ..errors import DfAnalyzerError

if TYPE_CHECKING:
    from ..store import Connection

__all__ = [
    "dataflow_tags",
    "execution_tags",
    "metrics_of_execution",
    "question_names",
    "tags_of_execution",
]

TAGS = (
    "SELECT tag FROM \"public\".dataflow_execution WHERE tag LIKE %s ESCAPE '#' "
    "ORDER BY id DESC LIMIT 100"
)
IDS = (
    'SELECT id FROM "public".dataflow_execution '
    "WHERE CAST(id AS TEXT) LIKE %s ESCAPE '#' ORDER BY id DESC LIMIT 100"
)
DATAFLOWS = (
    "SELECT tag FROM \"public\".dataflow WHERE tag LIKE %s ESCAPE '#' ORDER BY tag LIMIT 100"
)
METRICS = (
    'SELECT DISTINCT m."name" FROM "public".metrics AS m '
    'WHERE m.df_exec = %s AND m.epoch IS NOT NULL ORDER BY m."name"'
)
INSTRUCTION = "_KERAS_PROV_COMPLETE"
"""The variable in which a shell's script says which shell it is."""


def execution_tags(
    _context: click.Context, _parameter: click.Parameter, beginning: str
) -> list[CompletionItem]:
    """Executions that begin so, the newest first, and ``last``.

    Bash gets their ids, because it would split a tag at its space and its colons.
    """
    is_bash = os.environ.get(INSTRUCTION, "").startswith("bash")
    names = ["last", *_asked(IDS if is_bash else TAGS, beginning)]
    return [CompletionItem(name) for name in names if name.startswith(beginning)]


def dataflow_tags(
    _context: click.Context, _parameter: click.Parameter, beginning: str
) -> list[CompletionItem]:
    """Tags of dataflows that begin so."""
    return [CompletionItem(tag) for tag in _asked(DATAFLOWS, beginning)]


def metrics_of_execution(
    context: click.Context, _parameter: click.Parameter, beginning: str
) -> list[CompletionItem]:
    """Metrics by epoch, under their own names, of the execution that the command names."""

    def names(connection: Connection, execution: int) -> Iterable[str]:
        from ..executions.own_names import OwnNames
        from ..store.reading import Catalogue

        own = OwnNames(connection, Catalogue(connection)).of([execution])
        stored = [str(name) for (name,) in connection.query(METRICS, [execution])]
        return [own.get((execution, name), name) for name in stored]

    return _offered(_of_execution(context, names), beginning)


def tags_of_execution(
    context: click.Context, _parameter: click.Parameter, beginning: str
) -> list[CompletionItem]:
    """Tags that the execution has which the command names."""

    def names(connection: Connection, execution: int) -> Iterable[str]:
        from ..executions.annotations import tags_of

        return [tag.name for tag in tags_of(connection, execution)]

    return _offered(_of_execution(context, names), beginning)


def question_names(
    _context: click.Context, parameter: click.Parameter, beginning: str
) -> list[CompletionItem]:
    """Questions that begin so; only saved ones can be removed."""
    from ..questions import saved_questions, shipped_questions

    known = [] if parameter.name == "remove" else shipped_questions()
    with contextlib.suppress(DfAnalyzerError, OSError):
        known = [*known, *saved_questions(settings.home())]
    return [
        CompletionItem(question.name, help=question.title)
        for question in known
        if question.name.startswith(beginning)
    ]


def _of_execution(
    context: click.Context, names: Callable[[Connection, int], Iterable[str]]
) -> Iterable[str]:
    """Names that belong to the execution in the command line; none if there is no such one."""
    from ..executions.summaries import find_execution

    # click reads no arguments where the value of an option is missing, but leaves them here
    execution = context.params.get("execution") or next(iter(context.args), None)
    with contextlib.suppress(DfAnalyzerError, OSError), _private_database() as connection:
        if execution and connection is not None:
            return names(connection, find_execution(connection, execution).id)
    return []


def _offered(names: Iterable[str], beginning: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(beginning)]


def _asked(statement: str, beginning: str) -> list[str]:
    """Names in the private server's database that begin so."""
    with contextlib.suppress(DfAnalyzerError, OSError), _private_database() as connection:
        if connection is not None:
            rows = connection.query(statement, [_escaped(beginning) + "%"])
            return [str(name) for (name,) in rows]
    return []


@contextlib.contextmanager
def _private_database() -> Iterator[Connection | None]:
    """The private server's database, if it runs: completing starts no server."""
    from ..private_server import PrivateServer
    from ..store import reader_connection

    home = settings.home()
    if settings.store_url() is None and PrivateServer(home).status().running:
        with reader_connection(None, home) as connection:
            yield connection
    else:
        yield None


def _escaped(text: str) -> str:
    return text.replace("#", "##").replace("%", "#%").replace("_", "#_")
