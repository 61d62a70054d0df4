"""Machines that share the data folder: nothing is lost, doubled, or taken from a living process.

A machine is simulated by namespaces of its own for the host's name and for mounts, in which the
boot has another id (`unshare`, which takes root).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from delivery.speaker import COMMAND, NEVER, Speaker, command, rows_of, stored
from dfanalyzer_client.errors import PrivateServerError
from dfanalyzer_client.journal import journals
from dfanalyzer_client.journal._record import line_of, parsed
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.private_server._machine import MachineNote

BECOME = """
hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id && shift 2 && exec "$@"
"""
NO_LOCKS = """
import errno, fcntl

def flock(descriptor, operation):
    raise OSError(errno.ENOLCK, "No locks available")

fcntl.flock = flock
"""
LOCKS_OF_ONE_MACHINE = """
import fcntl, os, socket, struct, zlib

def flock(descriptor, operation):
    wait = not operation & fcntl.LOCK_NB
    place = zlib.crc32(socket.gethostname().encode())  # of machines with different names, both fit
    lock = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, lock)

fcntl.flock = flock
"""
LOCKS = {"missing": NO_LOCKS, "of_one_machine": LOCKS_OF_ONE_MACHINE}
"""What flock(2) does: it fails, or does not see the locks of other machines."""

Machine = Callable[[str], Sequence[str]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The beginning of a command line that is run on another machine, given its name."""

    def become(name: str) -> Sequence[str]:
        boot = tmp_path / f"boot-of-{name}"
        boot.write_text(f"boot of {name}\n")
        return "unshare", "-mu", "sh", "-c", BECOME, "sh", name, str(boot)

    if subprocess.run([*become("probe"), "true"], check=False, capture_output=True).returncode:
        pytest.skip("unsharing namespaces takes root")
    return become


def locks(folder: Path, kind: str) -> dict[str, str]:
    """The environment of a process on whose file system locks are of this kind."""
    (folder / "sitecustomize.py").write_text(LOCKS[kind])
    return {"PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


@pytest.mark.parametrize(
    "kind", ["missing", pytest.param("of_one_machine", marks=pytest.mark.thorough)]
)
def test_a_living_process_of_another_machine_keeps_its_journal(
    kind: str, own: Path, elsewhere: PrivateServer, machine: Machine, tag: str, tmp_path: Path
) -> None:
    """Neither `sync` nor a capturing process elsewhere stores it; each row is stored once."""
    environment = {"KERAS_PROV_STORE": elsewhere.ensure().reveal(), **locks(tmp_path, kind)}
    folder = elsewhere.log_path.parents[1]
    living = Speaker(own, tag, 1, 5, "wait", on=machine("node1"), **environment, **NEVER)
    living.go(3)
    killed = Speaker(own, f"{tag}-k", 1, 9, "wait", on=machine("node1"), **environment, **NEVER)
    killed.go(3)
    last = killed.kill()

    there = machine("node2")
    neighbour = Speaker(own, f"{tag}-n", 1, 3, on=there, **environment)
    neighbour.end()
    assert "Nothing was left" in command(own, "sync", on=there, **environment)
    assert [*living.journals(), *killed.journals()] == journals(own / "journals")
    assert command(own, "journal", on=there, **environment).count("| on node1 |") == 2
    assert stored(folder, tag) == stored(folder, f"{tag}-k") == []

    command(own, "sync", on=machine("node1"), **environment)
    assert living.journals() == journals(own / "journals"), "only the killed one is taken over"
    living.go(2)
    living.end()
    command(own, "sync", on=machine("node1"), **environment)
    assert stored(folder, tag) == rows_of(range(1, 6))
    assert stored(folder, f"{tag}-k") == rows_of(range(1, last + 1))
    assert stored(folder, f"{tag}-n") == rows_of(range(1, 4))


@pytest.mark.thorough
def test_one_machine_runs_the_private_server(
    own: Path, machine: Machine, tag: str, tmp_path: Path
) -> None:
    """Others keep what they record, and are told; they may start it once it has ended there."""
    environment = locks(tmp_path, "of_one_machine")
    server = PrivateServer(own)
    server.ensure()
    there = machine("node2")
    neighbour = Speaker(own, tag, 1, 3, on=there, KERAS_PROV_EXIT_FLUSH="1", **environment)
    assert "runs on" in neighbour.end()[1]
    asked = subprocess.run(
        [*there, *COMMAND, "runs"],
        env={**os.environ, "KERAS_PROV_HOME": str(own), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 1
    assert "KERAS_PROV_STORE" in asked.stderr
    server.stop()
    command(own, "sync", on=there, **environment)
    command(own, "server", "stop", on=there, **environment)
    assert stored(own, tag) == rows_of(range(1, 4))


def test_without_locks_the_private_server_says_so(own: Path, tag: str, tmp_path: Path) -> None:
    """The messages stay in the journal, and the log names the cure."""
    environment = {**locks(tmp_path, "missing"), "KERAS_PROV_EXIT_FLUSH": "1"}
    speaker = Speaker(own, tag, 1, 3, **environment)
    complaints = speaker.end()[1]
    assert "that file system has no locks" in complaints
    assert "bug" not in complaints
    command(own, "sync")
    assert stored(own, tag) == rows_of(range(1, 4))


def test_a_number_that_another_process_has_now(own: Path, tag: str, tmp_path: Path) -> None:
    """Without locks, a process that began later does not keep a journal from being stored."""
    speaker = Speaker(own, tag, 1, 3, **NEVER, **locks(tmp_path, "missing"))
    speaker.end()
    (path,) = journals(own / "journals")
    header, _, rest = path.read_bytes().partition(b"\n")
    said = parsed(header + b"\n")
    assert said is not None
    path.write_bytes(line_of(0, json.dumps({**said.message, "pid": os.getpid()})) + rest)
    command(own, "sync")
    assert stored(own, tag) == rows_of(range(1, 4))


def test_a_machine_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    """Its note counts as long as it is touched."""
    note = MachineNote(tmp_path / "server.host")
    note.write()
    assert note.other_machine() is None
    note.path.write_text(json.dumps({"host": "node7", "boot": "another"}))
    assert note.other_machine() == "node7"
    with pytest.raises(PrivateServerError, match="node7"):
        note.write()
    os.utime(note.path, (0, 0))
    note.write()
    assert note.other_machine() is None
    assert list(tmp_path.iterdir()) == [note.path]
