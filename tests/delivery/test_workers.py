"""Worker processes: all that they say is stored, however they were started and come to an end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from delivery.speaker import NEVER, Speaker, command, rows_of, stored
from delivery.workers import ENDED, KILLED
from dfanalyzer_client.journal import journals
from dfanalyzer_client.private_server import PrivateServer


def test_workers_of_each_kind(tag: str, ask: Any, home: Path) -> None:
    """Those that end have stored all by then; of those that are killed, whoever asks next does."""
    script = Path(__file__).with_name("workers.py")
    environment = {**os.environ, "KERAS_PROV_EXIT_FLUSH": "60"}
    subprocess.run([sys.executable, str(script), tag], check=True, env=environment, timeout=200)
    assert sorted(ask.set(tag, "out", "n")) == [(float(number),) for number in ENDED]
    answer = command(home, "sql", "--csv", f'SELECT n FROM "{tag}"."out" WHERE n > {ENDED[-1]}')
    assert sorted(map(float, answer.split()[1:])) == list(KILLED)


@pytest.mark.thorough
def test_who_asks_sees_what_was_left(own: Path, tag: str) -> None:
    """A killed process' rows are stored first, its task is ABANDONED; a living one is let be."""
    living = Speaker(own, f"{tag}-2", 1, 9, "wait", **NEVER)
    living.go()
    killed = Speaker(own, tag, 1, 1, "forever", **NEVER)
    killed.said(10)
    numbers = range(1, killed.kill() + 1)
    answer = command(own, "sql", "--csv", 'SELECT status FROM "public".task')
    assert answer.split()[1:] == ["ABANDONED"]
    assert stored(own, tag) == rows_of(numbers)
    (left,) = journals(own / "journals")
    assert f"-{living.process.pid}-" in left.name
    living.kill()


@pytest.mark.thorough
def test_what_cannot_be_stored_now_is_told(own: Path, tag: str) -> None:
    """Who asks as one who may not write is answered, and told how many messages wait."""
    reader = PrivateServer(own).reader_url()
    Speaker(own, f"{tag}-1", 1, 1, "flush").end()
    killed = Speaker(own, tag, 1, 1, "forever", **NEVER, KERAS_PROV_STORE=reader.reveal())
    killed.said(3)
    messages = killed.kill() + 3  # a dataflow, the task's beginning, and its end in its name
    asked = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "runs"],
        text=True,
        capture_output=True,
        env={**os.environ, "KERAS_PROV_HOME": str(own), "KERAS_PROV_STORE": reader.reveal()},
        check=True,
    )
    assert f"{tag}-1" in asked.stdout
    assert f"{messages} messages of ended processes are not stored yet" in asked.stderr
    assert "`keras-prov sync`" in asked.stderr
