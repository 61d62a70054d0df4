"""A private database that cannot be opened is made anew from the journals, row for row."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from delivery.speaker import COMMAND, NEVER, Speaker, command
from dfanalyzer_client.journal import journals
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from warm import warm_python

pytestmark = pytest.mark.thorough

TASKS = (
    "SELECT e.tag, x.tag, t.identifier, t.status, t.workspace, t.output_msg, t.error_msg, "
    "p.method, p.starttime, p.endtime "
    'FROM "public".task t JOIN "public".dataflow_execution e ON e.id = t.df_exec '
    'JOIN "public".data_transformation x ON x.id = t.dt_id '
    'LEFT JOIN "public".performance p ON p.task_id = t.id'
)
ATTRIBUTES = (
    'SELECT d.tag, s.tag, a.name, a.type FROM "public".attribute a '
    'JOIN "public".data_set s ON s.id = a.ds_id JOIN "public".dataflow d ON d.id = s.df_id'
)
SETS = 'SELECT d.tag, s.tag FROM "public".data_set s JOIN "public".dataflow d ON d.id = s.df_id'
EXACT = 'SELECT a.name, n.value FROM "public".exact_number n JOIN "public".attribute a ON a.id = n.attribute_id'  # noqa: E501

TRAINING = """
import sys
import numpy as np
import keras_prov as keras
from small_models import data, small_model

model = small_model()
model.provenance(sys.argv[1], hyps={"LEARNING_RATE": True, "NUM_LAYERS": True}, adaptation=True)
rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
model.fit(*data(), epochs=3, verbose=0, callbacks=[rates])
x, y = data()
model.fit(x, y * np.nan, epochs=1, verbose=0)
model.evaluate(*data(), verbose=0)
"""


def everything(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but for the ids that the database gave them, in an order of their own."""
    connection = Connection(PrivateServer(home).reader_url())
    try:
        found = {"tasks": connection.query(TASKS), "attributes": connection.query(ATTRIBUTES)}
        found["exact"] = connection.query(EXACT)
        for dataflow, name in connection.query(SETS):
            columns, rows, _ = connection.table(f'SELECT * FROM "{dataflow}"."{name}"')
            kept = [n for n, c in enumerate(columns) if c != "id" and not c.endswith("_task_id")]
            found[f"{dataflow}.{name}"] = [tuple(row[n] for n in kept) for row in rows]
    finally:
        connection.close()
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def damage(database: Path) -> None:
    """Zeroes in the write-ahead log and in the list of columns, as a power cut can leave them."""
    for path in [*database.glob("**/sql_logs/**/log.*"), *database.glob("**/BBP.dir")]:
        path.write_bytes(bytes(path.stat().st_size))


def test_a_damaged_database_is_made_anew_row_for_row(own: Path, tag: str) -> None:
    """Of a training with all its sets, a finished process, and a killed one; then it goes on."""
    environment = {
        **os.environ,
        "KERAS_PROV_HOME": str(own),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    subprocess.run(
        [*warm_python(), "-c", TRAINING, f"{tag}-keras"],
        check=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    Speaker(own, f"{tag}-done", 1, 2000).end()
    killed = Speaker(own, f"{tag}-killed", 1, 1, "forever", **NEVER)
    killed.said(100)
    killed.kill()
    command(own, "sync")
    assert {path.suffix for path in journals(own / "journals", done=True)} == {".gz"}
    before = everything(own)
    assert len(before) > 8
    assert all(before.values())

    server = PrivateServer(own)
    database = server.status().database
    server.stop()
    damage(database)
    refused = subprocess.run(
        [*COMMAND, "runs"], env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "`keras-prov db rebuild`" in refused.stderr
    assert "Traceback" not in refused.stderr

    said = command(own, "db", "rebuild", "--yes")
    (aside,) = database.parent.glob("provenance-aside-*")
    assert str(aside) in said
    assert everything(own) == before
    Speaker(own, f"{tag}-done", 3000, 3001).end()
    assert len(everything(own)[f"{tag}-done.out"]) == 2002


def test_a_rebuild_leaves_a_running_process_its_journal(own: Path, tag: str) -> None:
    """It notices that the database is new, and tells it everything again."""
    speaker = Speaker(own, tag, 1, 20, "wait", "flush")
    speaker.go(10)
    Speaker(own, f"{tag}-done", 1, 5).end()
    command(own, "db", "rebuild", "--yes")
    speaker.go(10)
    assert speaker.end()[0] == "True\n"
    found = everything(own)
    assert len(found[f"{tag}.out"]) == 20
    assert len(found[f"{tag}-done.out"]) == 5
