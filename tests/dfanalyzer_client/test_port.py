"""A script that was written for DfAnalyzer's Python library, with its imports renamed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("instrumented.py.txt")


def test_an_instrumented_script_needs_another_import_alone(tag: str, ask: Any, home: Path) -> None:
    """Load, split, train with an epoch callback, adapt, test: all its rows, joined as they were."""
    script = SCRIPT.read_text().replace("dfa_lib_python", "dfanalyzer_client")
    done = subprocess.run(
        [sys.executable, "-c", script, tag],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_PROV_HOME": str(home)},
    )
    *losses, tested = json.loads(done.stdout.replace("'", '"'))
    assert ask.set(tag, "iLoadData", "path, samples") == [("data/it's.csv", 40)]
    assert ask.set(tag, "oLoadData", "shape") == [("(40, 4)",)]
    assert ask.set(tag, "oSplitData", "train_size, test_size") == [(30, 10)]
    assert ask.set(tag, "iTrain", "optimizer, learning_rate, epochs") == [("SGD", 0.1, 3)]
    assert ask.set(tag, "oTrain", "epoch, loss") == list(enumerate(losses))
    assert ask.set(tag, "oAdapt", "new_lrate, epoch") == [(0.05, 1)]
    assert ask.set(tag, "oTest", "test_loss") == [(tested,)]
    joined = ask.rows(
        "SELECT l.path, s.train_size, r.epoch, a.new_lrate, t.test_loss "
        f'FROM "{tag}".iloaddata l JOIN "{tag}".oloaddata o ON o.loaddata_task_id = l.loaddata_task_id '  # noqa: E501
        f'JOIN "{tag}".osplitdata s ON s.splitdata_task_id = o.splitdata_task_id '
        f'JOIN "{tag}".otrain r ON r.train_task_id = s.train_task_id '
        f'JOIN "{tag}".oadapt a ON a.adapt_task_id = r.adapt_task_id '
        f'JOIN "{tag}".otest t ON t.test_task_id = r.test_task_id ORDER BY r.epoch'
    )
    assert joined == [("data/it's.csv", 30, epoch, 0.05, tested) for epoch in range(3)]
    states = ask.rows(
        'SELECT t.identifier, x.tag, t.status FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY 1',
        tag,
    )
    names = ["loaddata", "splitdata", "train", "adapt", "test"]
    assert states == [(number, name, "FINISHED") for number, name in enumerate(names, 1)]
