"""What a shell offers for the names of executions and dataflows."""

from __future__ import annotations

import contextlib
import os

import click
from click.shell_completion import CompletionItem

from ..config import settings
from ..errors import DfAnalyzerError

__all__ = ["dataflow_tags", "execution_tags"]

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


def _asked(statement: str, beginning: str) -> list[str]:
    """Names in the private server's database, if it runs: completing starts no server."""
    from ..private_server import PrivateServer
    from ..store import reader_connection

    with contextlib.suppress(DfAnalyzerError, OSError):
        home = settings.home()
        if settings.store_url() is None and PrivateServer(home).status().running:
            with reader_connection(None, home) as connection:
                rows = connection.query(statement, [_escaped(beginning) + "%"])
            return [str(name) for (name,) in rows]
    return []


def _escaped(text: str) -> str:
    return text.replace("#", "##").replace("%", "#%").replace("_", "#_")
