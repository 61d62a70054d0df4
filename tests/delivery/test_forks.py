"""Forks: a child hangs on nothing of its parent's, keeps nothing of it, says nothing for it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.journal import journals

COMMON = """
import errno, os, select, signal, sys, threading
import dfanalyzer_client
from dfanalyzer_client import *
from dfanalyzer_client.delivery.clients import default_client

output = Set("out", SetType.OUTPUT, [Attribute("a", AttributeType.NUMERIC)])
flow = Dataflow(sys.argv[1], [Transformation("step", [output])])
flow.save()

def say(number):
    task = Task(number, flow.tag, flow.exec_tag, "step")
    task.add_dataset(DataSet("out", [Element([number])]))
    task.end()
"""


def run(script: str, *arguments: str) -> None:
    """Run a script that has `flow` and `say`; it tells by its exit code whether all was well."""
    alone(COMMON + script, *arguments)


def alone(script: str, *arguments: str) -> None:
    """Run a script in a process where no library has threads that a child would lack."""
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, timeout=200)


@pytest.mark.thorough
def test_no_child_hangs_amid_threads_that_append(tag: str) -> None:
    """Children that do nothing, and children that say something, end, whoever held which lock."""
    run(
        """
going = True
def go_on(number):
    while going:
        say(number)
for each in range(8):
    threading.Thread(target=go_on, args=(each,), daemon=True).start()
for number in range(100):
    child = os.fork()
    if not child:
        if number % 10 == 0:
            say(1000 + number)
        os._exit(0)
    descriptor = os.pidfd_open(child)
    ended = select.select([descriptor], [], [], 60)[0]
    os.close(descriptor)
    if not ended:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert ended, f"child {number} hangs"
going = False
os._exit(0)
""",
        tag,
    )


def test_a_child_keeps_nothing_and_repeats_nothing(tag: str, ask: Any, home: Path) -> None:
    """No file, lock or connection of its parent's, and none of what its parent's memory holds.

    Nor has a child of the child, nor one that is forked after a flush.
    """
    run(
        """
write = os.write
def full(descriptor, data):
    if bytes(data[:1]).isdigit():  # a line of a journal
        raise OSError(errno.ENOSPC, "No space left on device")
    return write(descriptor, data)

say(1)
assert dfanalyzer_client.flush(60)
os.write = full
say(2)  # waits in memory
client = default_client()
assert client.unwritten() == 1
def held():
    names = []
    for each in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{each}"))
        except OSError:
            pass
    return [each for each in names if each == journal or each.startswith("socket:")]
journal = str(client.journal_path)
assert len(held()) >= 2
child = os.fork()
if not child:
    os.write = write
    assert not held(), held()
    grandchild = os.fork()
    if not grandchild:
        say(3)
        os._exit(not dfanalyzer_client.flush(60))
    assert os.waitpid(grandchild, 0)[1] == 0
    say(4)
    os._exit(not dfanalyzer_client.flush(60))
assert os.waitpid(child, 0)[1] == 0
os.write = write
assert dfanalyzer_client.flush(60)
""",
        tag,
    )
    assert sorted(ask.set(tag, "out", "a")) == [(1,), (2,), (3,), (4,)]


LOCKS = """
import gc, os, signal, sys
from pathlib import Path
from dfanalyzer_client.journal import Journal, compressed, try_acquire

folder = Path(sys.argv[1])
first, second = Journal(folder), Journal(folder)
second.append({"text": os.urandom(1 << 20).hex()})
second.close()
(folder / "content").write_bytes(second.path.read_bytes())
taken = try_acquire(second.path)
assert taken is not None
steps = compressed(second.path, keep=True)
next(steps)
reader, writer = os.pipe()
child = os.fork()
if not child:
    del steps
    gc.collect()
    os.write(writer, b".")
    signal.pause()
assert os.read(reader, 1) == b"."
first.close()
taken.close()
for path in (first.path, second.path):
    again = try_acquire(path)
    assert again is not None, f"{path} is still locked"
    again.close()
list(steps)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""


def test_a_lock_ends_with_its_process_whatever_its_children_do(tmp_path: Path) -> None:
    """A child that lives on does not hold its parent's journal, nor one that its parent took over.

    Both are compressed in steps; a child that drops such a step adds nothing to its parent's file.
    """
    alone(LOCKS, str(tmp_path))

    done = [path for path in journals(tmp_path, done=True) if path.suffix == ".gz"]
    content = (tmp_path / "content").read_bytes()
    assert [gzip.decompress(path.read_bytes()) for path in done] == [content]


WAITS = """
import os, threading
from dfanalyzer_client.support.forks import fork_lock

inside, leave = threading.Event(), threading.Event()
state = ["before"]

def work():
    with fork_lock():
        state[0] = "torn"
        inside.set()
        leave.wait(60)
        state[0] = "whole"

thread = threading.Thread(target=work)
thread.start()
inside.wait(60)
threading.Timer(0.2, leave.set).start()
child = os.fork()
if not child:
    os._exit(state[0] != "whole")
assert os.waitpid(child, 0)[1] == 0
thread.join()
"""


def test_a_fork_waits_for_what_must_not_be_torn_apart() -> None:
    """A thread that imports, or opens what a child must let go of, is let finish, for a while."""
    alone(WAITS)


FIRST_MESSAGES = """
for number in range(20):
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0, number
        continue
    flow.save()
    say(number)  # the exporter's thread begins to import what it needs
    grandchild = os.fork()
    if not grandchild:
        say(100 + number)
        os._exit(not dfanalyzer_client.flush(60))
    ended = os.waitpid(grandchild, 0)[1] == 0
    os._exit(not (dfanalyzer_client.flush(60) and ended))
"""


@pytest.mark.thorough
def test_a_fork_right_after_the_first_message_finds_whole_modules(tag: str, ask: Any) -> None:
    """The exporter's thread imports while the process forks: its child can store all the same."""
    alone(COMMON.replace("flow.save()", "") + FIRST_MESSAGES, tag)
    assert sorted(ask.set(tag, "out", "a")) == [
        *((float(n),) for n in range(20)),
        *((float(100 + n),) for n in range(20)),
    ]


def test_closed_standard_streams_stay_closed(own: Path, tag: str) -> None:
    """Nothing of ours takes 0, 1 or 2, whichever of them are closed: nor does a server's start."""
    script = """
import itertools
closed = [each for count in (3, 2, 1) for each in itertools.combinations(range(3), count)]
for number, each in enumerate(closed):
    child = os.fork()
    if not child:
        for descriptor in each:
            os.close(descriptor)
        say(number)
        done = dfanalyzer_client.flush(120)
        taken = set(each)
        for _ in range(1_000_000):  # one that is moved away, however late, is not taken
            taken = {each for each in taken if os.path.exists(f"/proc/self/fd/{each}")}
            if not taken:
                break
        os._exit(bool(taken) or not done)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"with {each} closed")
"""
    environment = {**os.environ, "KERAS_PROV_HOME": str(own)}
    command = [sys.executable, "-c", COMMON.replace("flow.save()", "") + script, tag]
    subprocess.run(command, check=True, env=environment, timeout=200)
