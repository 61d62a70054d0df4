"""The database of `benchmarks.asking` is one that messages would have filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import asking
from benchmarks.asking_database import Size, fill, send_execution, tag_of
from benchmarks.homes import own_home
from dfanalyzer_client import client_for, shutdown
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.comparison.metric_summaries import has_all_summaries
from dfanalyzer_client.store.inspection import tables_of

SIZE = Size(executions=6, epoch_rows=18, dataflows=2, wide=0)
OF_WRITING = {
    *("catalogue_version", "definition_lock", "journal_mark", "journal_head", "dataflow_version")
}
"""Tables that say how rows came, not what they are."""


def counts(home: Path) -> dict[str, int]:
    """The number of rows of each table."""
    with Connection(PrivateServer(home).ensure()) as connection:
        assert has_all_summaries(connection)
        names = [
            f'"{schema}"."{name}"'
            for schema in ("public", *map(tag_of, range(SIZE.dataflows)))
            for name in tables_of(connection, schema)
            if name not in OF_WRITING
        ]
        return {name: connection.query(f"SELECT count(*) FROM {name}")[0][0] for name in names}


def test_copied_executions_have_the_rows_of_sent_ones() -> None:
    """Every table has as many rows as if each execution had been sent as messages."""
    with own_home() as copied, own_home() as sent:
        fill(copied, SIZE, say=lambda _: None)
        client = client_for(home=sent)
        for number in range(SIZE.executions):
            tag = tag_of(number % SIZE.dataflows)
            send_execution(client, tag, f"execution-{number}", SIZE.epochs)
        client.flush(None)
        shutdown()
        assert counts(copied) == counts(sent)


@pytest.mark.thorough
def test_a_small_database_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The benchmark prints a line for each question, and what is on disk."""
    small = "--executions 8 --epoch-rows 24 --dataflows 2 --wide 2 --wide-metrics 6 --repeats 1"
    asking.main(small.split())
    printed = capsys.readouterr().out
    for what in ("one curve", "best of all", "show last", "bytes a value"):
        assert what in printed
