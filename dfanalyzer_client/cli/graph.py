"""What `keras-prov export` does with a graph: write a script, or into a graph database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..config import settings
from ..config.graph_url import GraphURL
from .common import say
from .output import write_pieces
from .passwords import asked_password

if TYPE_CHECKING:
    from ..export.graph import Selection

__all__ = ["Login", "chosen_graph", "write_selection"]

Login = tuple[GraphURL, str]
"""A graph database, and the password for it; empty: no login."""


def chosen_graph(url: str) -> Login:
    """The graph database that the user named; prompts for its password if it is not set.

    Raises:
        GraphURLError: the URL is invalid.
        DfAnalyzerError: its password is missing, and there is no terminal.
    """
    parsed = GraphURL.parse(url)
    password = settings.graph_password()
    if password is None:
        password = asked_password(
            f"{parsed.user} at {parsed.host}",
            "set KERAS_PROV_GRAPH_PASSWORD, which is empty for a database without login",
            note=" (empty: no login)",
            default="",
        )
    return parsed, str(password)


def write_selection(selection: Selection, database: Login | None, output: Path | None) -> None:
    """Write a selection into a graph database; None: as a Cypher script to `output`."""
    from ..export.graph import script_pieces, write_graph

    if database is None:
        write_pieces(script_pieces(selection), output, "cypher", is_binary=False)
        return
    url, password = database
    written = write_graph(selection, url, password)
    if not written.is_constrained:
        say(f"{url} let no constraint be created, so identifiers have no index.", err=True)
    say(
        f"Written to {url}: {written.nodes} nodes, {written.relationships} relationships.", err=True
    )
