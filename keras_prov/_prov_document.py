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
"""How long storing what this process has recorded may take."""


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

    What this process has recorded is stored first.

    Args:
        execution: its tag, the beginning of its tag, its id, ``"last"``, or the model that was
            trained in it.
        epochs: whether every epoch is an entity. If not, only the last one is, and those that a
            test, an adaptation or a saved model refers to.
        prospective: whether to include the design: transformations, sets and attributes.
        author: the person behind the execution; by default KERAS_PROV_AUTHOR, else the user who
            was recorded with it.
        base: IRI that identifiers begin with; by default KERAS_PROV_BASE, else ours.
        store: URL of the database; by default the model's, else KERAS_PROV_STORE, else the private
            server.
        home: the data folder of the private server.

    Raises:
        ValueError: nothing was captured of the model.
        UnknownTagError: no execution, or more than one, has this tag.
        StoreError: the database cannot be reached, or has not stored everything yet.
        DfAnalyzerError: an option is invalid.
    """
    from dfanalyzer_client.export.prov import prov_document as document

    client, name = _client_and_tag(execution, store, home)
    if not client.flush(STORE_SECONDS):
        raise StoreUnavailableError(
            f"Not everything is stored after {STORE_SECONDS:g} s, so the document would be "
            "incomplete. It is safe in the journal; try again, or run `keras-prov sync`."
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
    """The client that records an execution, and the tag or id to look it up by."""
    if isinstance(execution, (str, int)):
        return client_for(store, home), execution
    known = known_execution(execution)
    if known is None or known.training is None:
        raise ValueError(
            "Expected the tag or id of an execution, or a model whose training was captured. "
            f"Received: {execution!r}."
        )
    client = known.dataflow.client if store is None and home is None else client_for(store, home)
    return client, known.tag
