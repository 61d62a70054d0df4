"""The journal: what was said is on disk, and what is torn or damaged spoils itself alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfanalyzer_client.errors import JournalError
from dfanalyzer_client.journal import Journal, JournalReader, journals, take_over
from dfanalyzer_client.url import StoreURL

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def messages(path: Path) -> list[dict]:
    return [record.message for record in JournalReader(path) if record.sequence]


@settings(max_examples=50, deadline=None)
@given(said=st.lists(st.dictionaries(st.text(), JSON), max_size=5))
def test_what_was_said_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, said: list[dict]
) -> None:
    """Any JSON message comes back equal and in order."""
    journal = Journal(tmp_path_factory.mktemp("journals"))
    for message in said:
        journal.append(message)
    assert messages(journal.path) == said
    journal.close()


def test_files_are_the_users_alone(tmp_path: Path) -> None:
    """The folder is 0700 and the file 0600, whatever the umask says."""
    before = os.umask(0)
    try:
        journal = Journal(tmp_path / "journals")
    finally:
        os.umask(before)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_the_password_is_not_written(tmp_path: Path) -> None:
    """The header names the store without its password."""
    journal = Journal(tmp_path, StoreURL.parse("monetdb://ada:s3cret@localhost/prov"))
    assert b"s3cret" not in journal.path.read_bytes()
    assert b"ada@localhost" in journal.path.read_bytes()


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_record_is_ignored(tmp_path: Path, cut: int) -> None:
    """A record whose writer was killed in mid-write is not read, and those before it are."""
    journal = Journal(tmp_path)
    journal.append({"n": 1})
    journal.append({"n": 2, "text": "x" * 30})
    os.truncate(journal.path, journal.path.stat().st_size - cut)
    assert messages(journal.path) == [{"n": 1}]


def test_a_damaged_record_spoils_itself_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A record with a wrong checksum is reported with file and offset; those after it are read."""
    journal = Journal(tmp_path)
    for number in (1, 2, 3):
        journal.append({"number": number})
    data = journal.path.read_bytes()
    offset = data.index(b'{"number":2}')
    journal.path.write_bytes(data[:offset] + b'{"number":7}' + data[offset + 12 :])

    assert messages(journal.path) == [{"number": 1}, {"number": 3}]
    assert str(journal.path) in caplog.text
    record = data.rindex(b"\n", 0, offset) + 1
    assert f"byte {record} " in caplog.text


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    """A reader at the end of the file reads on when there is more."""
    journal = Journal(tmp_path)
    reader = JournalReader(journal.path)
    assert [record.sequence for record in reader.read()] == [0]
    assert reader.read() == []
    journal.append({"a": 1})
    assert [record.message for record in reader.read()] == [{"a": 1}]


def test_a_large_record_is_read_whole(tmp_path: Path) -> None:
    """A message of 5 MB, longer than the reader's buffer, comes back whole."""
    journal = Journal(tmp_path)
    journal.append({"text": "é" * 5_000_000})
    journal.append({"after": True})
    assert messages(journal.path) == [{"text": "é" * 5_000_000}, {"after": True}]


def test_only_a_dead_process_journal_can_be_taken_over(tmp_path: Path) -> None:
    """The journal of a running process stays its own; it is free once the process is killed."""
    script = (
        "import sys; from pathlib import Path; from dfanalyzer_client.journal import Journal\n"
        "Journal(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (path,) = journals(tmp_path)
    assert take_over(path) is None
    process.kill()
    process.communicate()
    descriptor = take_over(path)
    assert descriptor is not None
    assert take_over(path) is None  # by one taker alone
    os.close(descriptor)


def test_a_full_disk_is_said_and_the_next_record_is_whole(tmp_path: Path) -> None:
    """A write that fails half-way raises with the cure; a later record is read all the same."""
    script = """
import resource, signal, sys
from pathlib import Path
from dfanalyzer_client.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
size = journal.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, resource.RLIM_INFINITY))
try:
    journal.append({"text": "x" * 1000})
except Exception as error:
    print(type(error).__name__, error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append({"after": True})
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("JournalError")
    assert "KERAS_PROV_HOME" in done.stdout
    (path,) = journals(tmp_path)
    assert messages(path) == [{"after": True}]


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    """A file where the folder should be raises with the path and the cure."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(JournalError, match="KERAS_PROV_HOME"):
        Journal(tmp_path / "home")
