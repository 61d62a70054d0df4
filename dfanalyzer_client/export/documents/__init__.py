"""Documents that regulators, model hubs and catalogues ask for, from the rows of an execution.

What is not in the rows is said to be unknown, and never guessed. The same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...config.author import Author
from ...errors import DfAnalyzerError
from ...executions.reader import read_execution
from ...executions.sites import site_of
from ...executions.summaries import ExecutionSummary
from ...store.connection import Connection
from ...support.distribution import install_command
from ..masked import published
from ..prov import DEFAULT_BASE, Names
from ._annex_iv import annex_iv
from ._croissant import croissant
from ._facts import Facts, facts_of
from ._ml_bom import ml_bom
from ._model_card import model_card
from ._publisher import Publisher
from ._spdx import spdx

__all__ = ["FORMS", "Form", "document"]


@dataclass(frozen=True)
class Form:
    """A form of document.

    Attributes:
        title: what it is.
        suffix: of its files.
        text: writes it.
    """

    title: str
    suffix: str
    text: Callable[[Facts, Publisher], str]


FORMS: Mapping[str, Form] = {
    "model-card": Form("a model card of Hugging Face's", ".md", model_card),
    "ml-bom": Form("an ML-BOM in CycloneDX 1.6", ".json", ml_bom),
    "spdx": Form("an SPDX 3.0.1 document with the AI profile", ".json", spdx),
    "croissant": Form("the data in Croissant 1.1", ".json", croissant),
    "annex-iv": Form("technical documentation, Annex IV section 2", ".md", annex_iv),
}


def document(
    connection: Connection,
    summary: ExecutionSummary,
    form: str,
    *,
    author: Author | None = None,
    licence: str | None = None,
    base: str = DEFAULT_BASE,
) -> str:
    """An execution as one of `FORMS`.

    Args:
        connection: to the database that has the execution.
        summary: which execution.
        form: a key of `FORMS`.
        author: of the document; None if nobody is named.
        licence: of the model and the data: an SPDX id or a URL; None if none is named.
        base: IRI that identifiers begin with.

    Raises:
        DfAnalyzerError: the execution has no tasks, the base is no IRI, or a package is missing.
    """
    record = published(read_execution(connection, summary.dataflow, summary.id))
    record.site = site_of(connection)
    if not record.tasks:
        raise DfAnalyzerError(
            f"Execution {summary.tag} has no tasks: there is nothing to document."
        )
    publisher = Publisher(Names(base, record.tag, record.site), author, licence)
    try:
        return FORMS[form].text(facts_of(connection, summary, record), publisher)
    except ImportError as error:
        raise DfAnalyzerError(
            f"A document of the form {form} needs an optional package ({error}): "
            f"{install_command('documents')}"
        ) from None
