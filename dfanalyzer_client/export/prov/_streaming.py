"""Documents that are written while they are stated, so that few statements are in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator

from prov.model import ProvBundle, ProvDocument

from ...executions.record import ExecutionRecord
from ._document import state_all
from ._options import Options
from ._rdf import turtle_part
from ._statements import Statements
from ._turtle import prefixes

__all__ = ["turtle_pieces"]

BLOCK = 1 << 20
"""So many bytes are yielded at once."""


def turtle_pieces(record: ExecutionRecord, options: Options) -> Iterator[bytes]:
    """An execution as Turtle; nothing is yielded before all of it is written to a temporary file.

    A long document has the properties of a subject in several places.
    """
    names = options.names.at(record.site).of(record.tag)
    with tempfile.TemporaryFile() as file:

        def write(part: ProvBundle) -> None:
            file.write(turtle_part(part).encode())

        file.write(prefixes(names.namespaces).encode())
        _state(record, options, write)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _state(record: ExecutionRecord, options: Options, write: Callable[[ProvBundle], None]) -> None:
    statements = Statements(ProvDocument(), options.names.at(record.site).of(record.tag), write)
    state_all(statements, record, options)
    write(statements.bundle)
