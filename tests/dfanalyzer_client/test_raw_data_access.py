"""What is read of a file of raw data: within limits, and by a service below its folders alone."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from dfanalyzer_client.declarations.messages import TaskMessage
from dfanalyzer_client.declarations.raw_data import RawElements, Source
from dfanalyzer_client.errors import RawDataError, RawDataRefusedError
from dfanalyzer_client.raw_data import Limits, OwnFiles, ServedFiles, read_rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file."""
    file = tmp_path / "numbers.csv"
    file.write_text("1\n")
    return file


def program(folder: Path, script: str) -> Path:
    """A shell script that can be run."""
    file = folder / "reads.sh"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(stat.S_IRWXU)
    return file


TASK: TaskMessage = {
    "id": "1",
    "exec": "e",
    "dataflow": "d",
    "transformation": "t",
    "status": "RUNNING",
    "sets": [],
}


def raw(path: Path, extension: str = "CSV") -> RawElements:
    source = Source("read", "EXTRACTION", extension, {"a": "NUMERIC"}, is_exact=True)
    return RawElements("s", (), [([], [str(path)])], (source,), None)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(rows=2), "more than 2 rows"),
        (Limits(size=5), "more than 5 bytes"),
        (Limits(line=1), "more than 1 bytes"),
    ],
)
def test_a_file_beyond_the_limits_raises(path: Path, limits: Limits, words: str) -> None:
    """So many rows, bytes, and bytes of a line; up to these, it is read."""
    path.write_text("1\n2\n3\n")
    with read_rows(TASK, [raw(path)], {}, OwnFiles(), Limits(rows=3, size=6, line=2)) as rows:
        assert rows.first[0]["elements"] == [[1], [2], [3]]
    with pytest.raises(RawDataError, match=words):
        read_rows(TASK, [raw(path)], {}, OwnFiles(), limits)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 1; exit 3", "failed with exit code 3"),
        ("yes", "printed more than 1000 bytes"),
        ("sleep 60", "not ended after 0.2 seconds"),
        ("sleep 60 & echo 1", "not ended after 0.2 seconds"),
        ("exec >&-; sleep 60", "not ended after 0.2 seconds"),
        ("while :; do echo; sleep 0.01; done", "not ended after 0.2 seconds"),
    ],
)
def test_a_program_beyond_the_limits_is_killed(path: Path, script: str, words: str) -> None:
    """With its children; what it printed is not taken for all."""
    found = program(path.parent, script)
    limits = Limits(size=1000, seconds=0.2)
    with pytest.raises(RawDataError, match=words):
        read_rows(TASK, [raw(path, "PROGRAM")], {"read": str(found)}, OwnFiles(), limits)
    with pytest.raises(RawDataError, match="cannot be run: No such file"):
        read_rows(TASK, [raw(path, "PROGRAM")], {"read": "/nosuch"}, OwnFiles(), limits)


def test_a_service_reads_below_its_folders_alone(tmp_path: Path) -> None:
    """Whatever links and dots a path has, and also if a link is put there after the check."""
    folder, outside = tmp_path / "raw", tmp_path / "secret.csv"
    (folder / "inner").mkdir(parents=True)
    outside.write_text("1\n")
    (folder / "inner" / "a.csv").write_text("2\n")
    (folder / "inside.csv").symlink_to("inner/a.csv")
    (folder / "away.csv").symlink_to(outside)
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    access = ServedFiles([folder])
    for name in ("inner/a.csv", "inside.csv", "inner/../inner/a.csv", "up/raw/inside.csv"):
        opened = access.open(f"{folder}/{name}")
        with opened.file as file:
            assert (file.read(), opened.path) == (b"2\n", str(folder / "inner" / "a.csv")), name
    outsiders = ("away.csv", "up/secret.csv", "../secret.csv", "../nosuch.csv", "", "\0", "../raw2")
    for name in outsiders:
        with pytest.raises(RawDataRefusedError, match="--raw-data"):
            access.open(f"{folder}/{name}")
    with pytest.raises(RawDataRefusedError):
        access.open("inner/a.csv")
    for name in ("pipe", "nosuch.csv"):
        with pytest.raises(RawDataError, match="cannot be read"):
            access.open(f"{folder}/{name}")


def test_a_link_that_replaces_a_folder_meanwhile_leads_nowhere(tmp_path: Path) -> None:
    """However often a file's folder and a link to another one are exchanged."""
    folder, outside = tmp_path / "raw", tmp_path / "outside"
    for each, text in ((folder / "inner", "2"), (outside, "1")):
        each.mkdir(parents=True)
        (each / "a.csv").write_text(text)
    (folder / "link").symlink_to(outside)
    access, ends = ServedFiles([folder]), threading.Event()

    def exchange() -> None:
        spare, inner, link = folder / "spare", folder / "inner", folder / "link"
        while not ends.is_set():
            inner.rename(spare)
            link.rename(inner)
            inner.rename(link)
            spare.rename(inner)

    thread = threading.Thread(target=exchange)
    thread.start()
    read = set()
    for _ in range(2000):
        try:
            with access.open(str(folder / "inner" / "a.csv")).file as file:
                read.add(file.read())
        except RawDataError:
            read.add(b"")
    ends.set()
    thread.join()
    assert read <= {b"2", b""}
