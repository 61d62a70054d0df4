"""Following a run while it trains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.analysis.finding import summary_with
from dfanalyzer_client.analysis.run_parts import later_epochs
from dfanalyzer_client.store import reader_connection

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client import flush
names = [Attribute(name, AttributeType.NUMERIC) for name in ("EPOCH_ID", "loss")]
output = Set("oTrainingModel", SetType.OUTPUT, names)
dataflow = Dataflow(sys.argv[1], [Transformation("TrainingModel", [output])])
with dataflow.task("TrainingModel") as task:
    task.generated([0, 0.5])
    flush(30)
    print(dataflow.exec_tag, flush=True)
    sys.stdin.read()
"""


@pytest.mark.thorough
def test_it_ends_when_the_process_was_killed(tag):
    """What the process left behind is stored meanwhile, with its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tag],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ},
    )
    assert process.stdout is not None
    execution = process.stdout.readline().strip()
    epochs = dfanalyzer_client.follow(execution, interval=0.5)
    assert next(epochs).metrics == {"loss": 0.5}
    process.kill()
    process.communicate()
    assert list(epochs) == []
    assert dfanalyzer_client.run(execution).status == "ABANDONED"


def test_each_look_reads_only_what_is_new(home, tag):
    """Before the first epoch that is nothing, and later what was stored since."""
    names = [Attribute(name, AttributeType.NUMERIC) for name in ("EPOCH_ID", "loss")]
    output = Set("oTrainingModel", SetType.OUTPUT, names)
    dataflow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    seen: dict[str, int] = {}
    with dataflow.task("TrainingModel") as task, reader_connection(None, home) as connection:
        assert dfanalyzer_client.flush(30)
        run = summary_with(connection, dataflow.exec_tag)

        def later():
            assert dfanalyzer_client.flush(30)
            with connection.transaction():
                found = later_epochs(connection, run.dataflow, run.id, seen)
            return [row["loss"] for _, row in found]

        assert later() == []
        task.generated([0, 0.5])
        assert later() == [0.5]
        task.generated([1, 0.25])
        task.generated([2, 0.125])
        assert later() == [0.25, 0.125]
        assert later() == []
