"""`keras_prov.prov_document`: an execution, or a model's, as a W3C PROV document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dfanalyzer_client.config.author import Author
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.delivery.clients import client_for
from dfanalyzer_client.errors import StoreUnavailableError

from ._recording.registry import known_execution

if TYPE_CHECKING:
    from keras import Model
    from prov.model import ProvDocument

__all__ = ["prov_document"]

STORE_SECONDS = 30.0
"""So long what this process said may take to be stored."""


def prov_document(
    execution: str | int | Model,
    *,
    epochs: bool = True,
    prospective: bool = False,
    author: Author | str | None = None,
    base: str | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> ProvDocument:
    """An execution as a W3C PROV document (`prov.model.ProvDocument`).

    What this process said is stored first.

    Args:
        execution: its tag, the beginning of its tag, its id, ``"last"``, or the model that was
            trained in it.
        epochs: whether each epoch is an entity; without, those alone that a test, an adaptation or
            a saved model goes back to, and the last.
        prospective: whether the design is in it, too: transformations, sets and attributes.
        author: the person behind the execution; None: KERAS_PROV_AUTHOR, else its recorded user.
        base: IRI that identifiers begin with; None: KERAS_PROV_BASE, else ours.
        store: URL of the database; None: that of the model, else KERAS_PROV_STORE, else the private
            server.
        home: the data folder of the private server.

    Raises:
        ValueError: of the model nothing was captured.
        UnknownTagError: no execution is meant, or several are.
        StoreError: the database cannot be asked, or has not stored all yet.
        DfAnalyzerError: an option is none.
    """
    from dfanalyzer_client.export.prov import prov_document as document

    client, name = _client_and_tag(execution, store, home)
    if not client.flush(STORE_SECONDS):
        raise StoreUnavailableError(
            f"What was said is not stored after {STORE_SECONDS:g} s: the document would lack it. "
            "It is safe in the journal; try again, or `keras-prov sync`."
        )
    return document(
        name,
        epochs=epochs,
        prospective=prospective,
        author=author,
        base=base,
        store=client.store,
        home=client.home,
    )


def _client_and_tag(
    execution: Any, store: str | StoreURL | None, home: Path | None
) -> tuple[Client, str | int]:
    """Who stores what is said of an execution, and how to find it."""
    if isinstance(execution, (str, int)):
        return client_for(store, home), execution
    known = known_execution(execution)
    if known is None or known.training is None:
        raise ValueError(
            "prov_document() takes the tag or id of an execution, or a model that was captured "
            f"while it was trained. Received: {execution!r}."
        )
    client = known.dataflow.client if store is None and home is None else client_for(store, home)
    return client, known.tag
