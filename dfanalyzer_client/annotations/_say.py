"""Say something of an execution."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..config.store_url import StoreURL
from ..declarations.messages import AnnotationMessage
from ..delivery.client import Client
from ..delivery.clients import client_for
from ..errors import DefinitionError
from ..support.clock import utc_now
from ._executions import HasExecution, Named, check_tagged, named_execution
from ._rights import check_may_annotate
from ._who import who

__all__ = ["note", "say_note", "say_tags", "tag", "untag"]

MAX_NAME = 250
FORBIDDEN = "="


def tag(
    run: str | int | HasExecution,
    name: str,
    value: str = "",
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None:
    """Give an execution a tag, or another value to one that it has.

    Args:
        run: its id, its tag or the beginning of that, ``last``, or what `run` returned.
        name: what the tag is called, without ``=``.
        value: its value, if it needs one.
        store: which database; by default that of KERAS_PROV_STORE, or else the private one.
        home: the data folder.

    Raises:
        UnknownTagError: no execution matches `run`, or several do.
        DefinitionError: `name` cannot be the name of a tag.
        TypeError: `name` or `value` is no text.
        StoreLoginError: this account may not annotate executions of the database.
    """
    _check_text("A tag's name", name)
    _check_text(f"The value of the tag {name!r}", value)
    client = _client(store, home)
    say_tags(client, _named(client, run), {name: value})


def untag(
    run: str | int | HasExecution,
    name: str,
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None:
    """Remove a tag of an execution; the arguments are those of `tag`.

    Raises:
        UnknownTagError: no execution matches `run`, or several do, or it has no such tag.
        TypeError: `name` is no text.
        StoreLoginError: this account may not annotate executions of the database.
    """
    _check_text("A tag's name", name)
    client = _client(store, home)
    found = _named(client, run)
    check_tagged(found, [name], client.store, client.home)
    say_tags(client, found, {name: None})


def note(
    run: str | int | HasExecution,
    text: str | None,
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None:
    """Write a note on an execution, which replaces the one before; None removes it.

    The other arguments are those of `tag`.

    Raises:
        UnknownTagError: no execution matches `run`, or several do.
        TypeError: `text` is neither a text nor None.
        StoreLoginError: this account may not annotate executions of the database.
    """
    if text is not None:
        _check_text("A note", text)
    client = _client(store, home)
    say_note(client, _named(client, run), text)


def say_tags(client: Client, execution: Named, values: Mapping[str, str | None]) -> None:
    """Send tags of an execution; None removes one. Raises DefinitionError for a wrong name."""
    checked = {_checked_name(name): value for name, value in values.items()}
    client.save_annotation({**_message(execution), "tags": checked})


def say_note(client: Client, execution: Named, text: str | None) -> None:
    """Send a note on an execution; None, or a text of white space, removes it."""
    kept = text if text is not None and text.strip() else None
    client.save_annotation({**_message(execution), "note": kept})


def _message(execution: Named) -> AnnotationMessage:
    return {
        "dataflow": execution.dataflow,
        "exec": execution.execution,
        "changed": utc_now(),
        "changedBy": who(),
    }


def _client(store: str | StoreURL | None, home: str | os.PathLike[str] | None) -> Client:
    return client_for(store, None if home is None else Path(home))


def _named(client: Client, run: str | int | HasExecution) -> Named:
    client.flush()  # what this process has captured may be meant
    found = named_execution(run, client.store, client.home)
    check_may_annotate(client.store)
    return found


def _check_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a text. Received: {value!r:.100}.")


def _checked_name(name: str) -> str:
    if not name.strip() or FORBIDDEN in name or not name.isprintable() or len(name) > MAX_NAME:
        raise DefinitionError(
            f"A tag's name is a text without '=' and line ends, of at most {MAX_NAME} characters. "
            f"Received: {name!r}."
        )
    return name.strip()
