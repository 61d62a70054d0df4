"""The way out of a process: flush, exit and fork."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Client,
    Dataflow,
    Set,
    SetType,
    StoreURL,
    Transformation,
    client_for,
)
from dfanalyzer_client.errors import JournalError
from dfanalyzer_client.journal import journals
from dfanalyzer_client.private_server import PrivateServer

COMMON = """
import os, sys
import dfanalyzer_client
from dfanalyzer_client import *

output = Set("out", SetType.OUTPUT, [Attribute("a", AttributeType.NUMERIC)])
flow = Dataflow(sys.argv[1], [Transformation("step", [output])])

def say(number):
    task = Task(number, flow.tag, flow.exec_tag, "step")
    task.add_dataset(DataSet("out", [Element([number])]))
    task.begin()
    task.end()
"""


PATIENT = "keras-prov: storing the last messages, 5 s at most …\n"
"""What the end of a process says when it has waited a second."""


def run(script: str, tag: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMON + script, tag],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_end_of_a_script_stores_what_it_said(tag: str, ask: Any) -> None:
    """Nobody has to call flush(): the exit does, and says nothing but that it takes a while."""
    done = run("say(1)", tag)
    assert done.returncode == 0
    assert done.stderr in ("", PATIENT)
    assert ask.set(tag, "out", "a") == [(1,)]


def test_an_exit_that_cannot_store_says_what_is_left(tag: str, tmp_path: Path) -> None:
    """With the store away the exit is bounded, and names the journal and the cure."""
    done = run(
        "say(1)", tag, KERAS_PROV_STORE="monetdb://a:b@127.0.0.1:9/x",
        KERAS_PROV_HOME=str(tmp_path), KERAS_PROV_EXIT_FLUSH="1.2",
    )  # fmt: skip
    assert done.returncode == 0
    (path,) = journals(tmp_path / "journals")
    assert "3 messages are not stored yet" in done.stderr
    assert str(path) in done.stderr
    assert "`keras-prov sync`" in done.stderr


def test_flush_ends_in_time_and_tells(tmp_path: Path) -> None:
    """flush() of a store that is away answers False when its time is up; nothing said is True."""
    client = Client(StoreURL.parse("monetdb://a:b@127.0.0.1:9/x"), tmp_path)
    assert client.flush(0)
    client.save_dataflow({"tag": "t", "transformations": [], "exec": "e"})
    began = time.monotonic()
    assert not client.flush(0.3)
    assert time.monotonic() - began < 10
    assert client.waiting() == 1
    client.close(0)


def test_making_a_client_opens_nothing(tmp_path: Path) -> None:
    """No file, thread or connection before the first message."""
    client_for("monetdb://a:b@127.0.0.1:9/x", tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_forked_child_has_its_own_way_out(tag: str, ask: Any, home: Path) -> None:
    """Parent and child go on saying; each has its own journal, and every row is there once."""
    before = set(journals(home / "journals"))
    done = run(
        """
say(1)
assert dfanalyzer_client.flush(30)
child = os.fork()
say(3 if child else 2)
assert dfanalyzer_client.flush(30)
if child:
    assert os.waitpid(child, 0)[1] == 0
    say(4)
else:
    os._exit(0)
""",
        tag,
    )
    assert done.returncode == 0, done.stderr  # since 3.12 Python itself warns of fork and threads
    assert sorted(ask.set(tag, "out", "a")) == [(1,), (2,), (3,), (4,)]
    assert len(set(journals(home / "journals")) - before) == 2


STEP = """
import sys
from dfanalyzer_client import *

tag, execution, number, *values = sys.argv[1:]
task = Task(number, tag, execution, "step") if execution else Task(number, tag, "step")
task.add_dataset(DataSet("out", [Element(values)]))
task.begin()
task.end()
"""


def test_a_step_may_be_a_program_of_its_own(tag: str, ask: Any) -> None:
    """What another process declared is found: in its journal, in its order; else in the store."""
    attributes = [Attribute("a", AttributeType.NUMERIC), Attribute("b", AttributeType.TEXT)]
    executions = []
    for declared in (attributes, attributes[::-1]):
        output = Set("out", SetType.OUTPUT, declared)
        flow = Dataflow(tag, [Transformation("step", [output])])
        flow.save()
        executions.append(flow.exec_tag)
    assert ask.set(tag, "out") == []
    for number, (execution, *values) in enumerate(
        [
            (executions[0], "1", "x"),
            (executions[1], "x", "2"),
            ("the script's own", "3", "x"),
            ("", "x", "4"),
        ]
    ):
        done = subprocess.run(
            [sys.executable, "-c", STEP, tag, execution, str(number), *values],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0
        assert done.stderr in ("", PATIENT)
    assert ask.set(tag, "out", "a, b") == [(n, "x") for n in (1, 2, 3, 4)]
    assert ask.rows(
        'SELECT e.tag FROM "public".task t JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s ORDER BY t.id', tag,
    ) == [(each,) for each in (*executions, "the script's own", executions[1])]  # fmt: skip


def test_a_step_finds_what_is_not_stored_yet(tag: str, tmp_path: Path) -> None:
    """With the store away, too, it is in the journal; a dataflow of nobody's is an error."""
    away = {
        "KERAS_PROV_STORE": "monetdb://a:b@127.0.0.1:9/x",
        "KERAS_PROV_HOME": str(tmp_path),
        "KERAS_PROV_EXIT_FLUSH": "0.1",
    }
    assert run("flow.save()", tag, **away).returncode == 0
    for flow, execution, said in ((tag, "", ""), (tag, "own", ""), ("no", "own", "Nobody saved")):
        done = subprocess.run(
            [sys.executable, "-c", STEP, flow, execution, "1", "7"],
            env={**os.environ, **away}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0, said in done.stderr) == (bool(said), True), done.stderr


def test_a_process_that_may_start_no_thread(
    tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it says is in its journal, a warning says so once, and `flush` is False at once."""
    refused = RuntimeError("can't start new thread")
    monkeypatch.setattr(threading.Thread, "start", Mock(side_effect=refused))
    client = Client(None, tmp_path)
    for _ in range(2):
        client.save_dataflow({"tag": tag, "transformations": [], "exec": "run"})
    assert not client.flush(None)
    assert client.waiting() == 2
    assert len(caplog.records) == 1
    assert not client.close(0)


def test_flush_says_that_nothing_could_be_written(tag: str, tmp_path: Path) -> None:
    """It is False where the data folder cannot be, and stays so, since something was lost."""
    home = tmp_path / "home"
    home.write_text("in the way")
    client = Client(None, home)
    assert client.flush(0)  # nothing was said
    message = {"tag": tag, "transformations": [], "exec": "run"}
    with pytest.raises(JournalError):
        client.save_dataflow(message)
    assert not client.flush(0)
    home.unlink()
    client.save_dataflow(message)
    assert not client.flush(60)
    assert client.waiting() == 0
    assert not client.close()
    PrivateServer(home).stop()


def test_flush_on_a_disk_that_was_full_from_the_beginning(tag: str, small_disk: Path) -> None:
    """It is False while all that was said is in memory."""
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    client = Client(StoreURL("127.0.0.1", 1, "nowhere"), small_disk / "home")
    with contextlib.suppress(JournalError):
        client.save_dataflow({"tag": tag, "transformations": [], "exec": "run"})
    assert not client.flush(0)
    client.close(0)
