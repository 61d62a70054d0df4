"""Write the events of executions, or send them: the functions of the command."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import DfAnalyzerError
from ...executions.annotations import tags_of
from ...executions.reader import read_execution
from ...executions.summaries import ExecutionSummary
from ...store import Connection
from ...support.distribution import install_command
from ..masked import published
from ..prov import Options

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

__all__ = ["NAMESPACE", "event_lines", "send_events"]

NAMESPACE = "keras-prov"
"""The namespace of jobs, unless another is named."""


def event_lines(
    connection: Connection,
    summaries: Sequence[ExecutionSummary],
    options: Options,
    *,
    namespace: str = NAMESPACE,
) -> Iterator[bytes]:
    """The events of executions, each as a line of JSON; an execution is read when needed.

    Args:
        connection: to the database that has them.
        summaries: which executions.
        options: of their PROV documents, from whose identifiers those of the runs are made.
        namespace: of the jobs.

    Raises:
        DfAnalyzerError: the client of OpenLineage is not installed.
    """
    with _needs_extra():
        from openlineage.client.serde import Serde
    for event in _events(connection, summaries, options, namespace):
        yield f"{Serde.to_json(event)}\n".encode()


def send_events(
    connection: Connection,
    summaries: Sequence[ExecutionSummary],
    options: Options,
    url: str,
    *,
    namespace: str = NAMESPACE,
    key: str | None = None,
) -> int:
    """Send the events of executions to a server, or append them to a file.

    Args:
        connection: to the database that has them.
        summaries: which executions.
        options: of their PROV documents, from whose identifiers those of the runs are made.
        url: of the server, as ``https://marquez.example.org:5000``, or ``file:///…`` of a file.
        namespace: of the jobs.
        key: API key of the server.

    Returns:
        How many events were sent.

    Raises:
        DfAnalyzerError: the client is not installed, or the server or the file does not take them.
    """
    with _needs_extra():
        from ._transports import transport_to
    _check(url)
    count = 0
    with transport_to(url, key) as transport:
        for event in _events(connection, summaries, options, namespace):
            transport.emit(event)
            count += 1
    return count


def _events(
    connection: Connection,
    summaries: Iterable[ExecutionSummary],
    options: Options,
    namespace: str,
) -> Iterator[RunEvent]:
    with _needs_extra():
        from ._events import Source, events_of
    for summary in summaries:
        record = published(read_execution(connection, summary.dataflow, summary.id))
        tags = tags_of(connection, summary.id)
        yield from events_of(Source(summary, record, tags, options, namespace))


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "file") or not (parts.hostname or parts.path):
        raise DfAnalyzerError(
            "OpenLineage events are sent to http://host:port or https://host:port, or appended to "
            f"file:///folder/file. Received a URL that begins with {parts.scheme or url[:20]!r}."
        )
    if parts.username or parts.password:
        raise DfAnalyzerError(
            "The URL of an OpenLineage server may have no login, which others could read in the "
            "list of processes: KERAS_PROV_OPENLINEAGE_KEY has its API key."
        )


@contextlib.contextmanager
def _needs_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise DfAnalyzerError(
            f"OpenLineage needs its client ({error}): {install_command('openlineage')}"
        ) from None
