"""kill -9 of trainings at random moments loses no finished epoch and doubles none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.thorough

NURSERY = Path(__file__).with_name("nursery.py")


@pytest.mark.timeout(3600)  # a thousand of them take half an hour
def test_kills_at_random_moments_lose_no_finished_epoch(
    tag: str, ask: Any, request: pytest.FixtureRequest
) -> None:
    """Each killed training (--kills) has the epochs that it finished, and ends ABANDONED."""
    kills = request.config.getoption("--kills")
    done = subprocess.run(
        [sys.executable, str(NURSERY), tag, str(kills + 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    subprocess.run([sys.executable, "-m", "dfanalyzer_client.cli", "sync"], check=True)

    executions: dict[int, str] = {}
    said: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for line in map(json.loads, done.stdout.splitlines()):
        if "execution" in line:
            executions[line["child"]] = line["execution"]
        else:
            said[line["child"]].append((line["epoch"], line["loss"]))
    whole = said[0]  # this one was let be, and all of them compute the same
    assert len(whole) == 40

    stored = rows_by_execution(ask, tag)
    assert stored[executions[0]] == whole
    ends = statuses(ask, tag)
    for child in range(1, kills + 1):
        execution = executions.get(child)
        rows = stored.get(execution, []) if execution else []
        assert rows == whole[: len(rows)], f"child {child}"
        assert len(said[child]) <= len(rows) <= len(said[child]) + 1, f"child {child}"
        if rows and len(rows) < len(whole):
            assert ends[execution] == "ABANDONED"
    lengths = {len(stored.get(execution, [])) for execution in executions.values()}
    assert len(lengths) > min(kills, 3)  # they were killed at different moments indeed


def rows_by_execution(ask: Any, tag: str) -> dict[str, list[tuple[float, float]]]:
    found = defaultdict(list)
    for execution, epoch, loss in ask.rows(
        f'SELECT e.tag, o.epoch_id, o.loss FROM "{tag}".otrainingmodel o '
        'JOIN "public".task t ON t.id = o.trainingmodel_task_id '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec ORDER BY o.id'
    ):
        found[execution].append((epoch, loss))
    return found


def statuses(ask: Any, tag: str) -> dict[str, str]:
    return dict(
        ask.rows(
            'SELECT e.tag, t.status FROM "public".task t '
            'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
            'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s',
            tag,
        )
    )
