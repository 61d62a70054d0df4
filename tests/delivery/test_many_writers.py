"""Many processes at once, forked or not: every row is there once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from delivery.speaker import Speaker, rows_of, stored

WRITERS, ROWS = 32, 100

POOL = """
import multiprocessing, os, sys
from dfanalyzer_client import *
import dfanalyzer_client

output = Set("out", SetType.OUTPUT, [Attribute("n", AttributeType.NUMERIC)])
flow = Dataflow(sys.argv[1], [Transformation("step", [output])])

def say(number):
    task = Task(number, flow.tag, flow.exec_tag, "step")
    task.add_dataset(DataSet("out", [Element([number])]))
    task.begin()
    task.end()
    return os.getpid()

def work(numbers):
    pids = {say(number) for number in numbers}
    assert dfanalyzer_client.flush(60)
    return pids

if __name__ == "__main__":
    say(0)
    assert dfanalyzer_client.flush(60)
    with multiprocessing.get_context("fork").Pool(4) as pool:
        parts = [range(first, first + 50) for first in range(1, 401, 50)]
        started = pool.map_async(work, parts, chunksize=1)
        for number in range(401, 451):
            say(number)
        pids = set().union(*started.get())
    say(451)
    assert os.getpid() not in pids
    print(len(pids))
"""


@pytest.mark.thorough
def test_32_writers_at_once_lose_and_double_nothing(own: Path, tag: str) -> None:
    """They declare one dataflow, each with an execution of its own, and write to one table."""
    writers = [
        Speaker(own, tag, first, first + ROWS - 1, "flush")
        for first in range(1, WRITERS * ROWS, ROWS)
    ]
    assert len(writers) == WRITERS
    for writer in writers:
        assert writer.end()[0].endswith("True\n")
    assert stored(own, tag) == rows_of(range(1, WRITERS * ROWS + 1))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_pool_says_every_row_once(tag: str, ask: Any, home: Path) -> None:
    """Children of a process that has said something have their own journals; it goes on, too."""
    done = subprocess.run(
        [sys.executable, "-c", POOL, tag],
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1
    assert sorted(ask.set(tag, "out", "n")) == [(float(number),) for number in range(452)]
