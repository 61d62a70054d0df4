"""The journal: what was said is on disk, and what is torn or damaged spoils itself alone."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.declarations.encoding import encode
from dfanalyzer_client.errors import JournalError
from dfanalyzer_client.journal import (
    DeadLetters,
    Journal,
    JournalReader,
    Record,
    _lock,
    _writer,
    append_records,
    compressed,
    journals,
    read_header,
    remove_expired,
    tags_in_lines,
    try_acquire,
)
from dfanalyzer_client.journal._record import line_of

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


def test_a_reader_at_the_writers_heels_misses_nothing(tmp_path: Path) -> None:
    """Records that are half there when they are looked at are read once they are whole."""
    journal = Journal(tmp_path)
    total = 20_000

    def write() -> None:
        for number in range(1, total + 1):
            journal.append({"text": "x" * (number % 500)})

    writer = threading.Thread(target=write)
    writer.start()
    reader, read = JournalReader(journal.path), []
    while len(read) <= total:
        read += [record.sequence for record in reader.read(10_000)]
    writer.join()
    assert read == list(range(total + 1))
    assert reader.damaged == 0


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
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    (path,) = journals(tmp_path)
    assert try_acquire(path) is None
    process.kill()
    process.communicate()
    descriptor = try_acquire(path)
    assert descriptor is not None
    assert try_acquire(path) is None  # by one taker alone
    descriptor.close()


# Appends where the file may not grow, which to write(2) is what a full disk is, and then again.
FULL = """
import logging, resource, signal, sys
from pathlib import Path
from dfanalyzer_client.journal import Journal, _writer
logging.basicConfig(format="%(message)s")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]))
_writer.MAX_WAITING_BYTES = int(sys.argv[2])
size = journal.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, resource.RLIM_INFINITY))
for number in range(3):
    try:
        journal.append({"number": number, "text": "x" * 1000})
    except Exception as error:
        print(type(error).__name__, error)
print(journal.write_waiting(), journal.path.stat().st_size - size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append({"number": 3})
print(journal.write_waiting())
"""


def full(folder: Path, memory: int) -> tuple[list[str], str, list[int]]:
    """What is printed and logged while the disk is full, and the messages in the file then."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(memory)],
        capture_output=True,
        text=True,
        check=True,
    )
    (path,) = journals(folder)
    reader = JournalReader(path)
    numbers = [record.message["number"] for record in reader if record.sequence]
    assert reader.damaged == 0
    return done.stdout.splitlines(), done.stderr, numbers


def test_what_a_full_disk_does_not_take_waits_in_memory(tmp_path: Path) -> None:
    """One warning with the cure; half a record is taken back; all is written once there is room."""
    said, logged, numbers = full(tmp_path, 1 << 20)
    assert said == ["3 0", "0"]
    assert numbers == [0, 1, 2, 3]
    assert logged.count("waits in memory") == 1
    assert "KERAS_PROV_HOME" in logged
    assert "can be written again" in logged


def test_memory_for_a_full_disk_is_bounded(tmp_path: Path) -> None:
    """What does not fit there raises at its call, and leaves no gap behind."""
    said, _, numbers = full(tmp_path, 2500)
    assert said[0].startswith("JournalError")
    assert "2 messages wait in memory" in said[0]
    assert said[1:] == ["2 0", "0"]
    assert numbers == [0, 1, 3]


def test_an_end_replaces_a_torn_record(tmp_path: Path) -> None:
    """Who takes a journal over writes in place of what its writer could not finish."""
    journal = Journal(tmp_path)
    journal.append({"n": 1})
    journal.append({"n": 2, "text": "x" * 100_000})
    os.truncate(journal.path, journal.path.stat().st_size - 1)
    append_records(journal.path, [Record(2, {"end": True})])
    assert messages(journal.path) == [{"n": 1}, {"end": True}]
    os.truncate(journal.path, 0)
    append_records(journal.path, [Record(1, {"end": True})])
    assert messages(journal.path) == [{"end": True}]


@pytest.mark.parametrize("keep", [True, False])
def test_a_compressed_journal_reads_as_before(tmp_path: Path, keep: bool) -> None:
    """Its records are the same, it belongs to its user alone, and its name says where it went."""
    journal = Journal(tmp_path)
    for number in range(30_000):
        journal.append({"number": number, "text": "x" * 100})
    before = list(JournalReader(journal.path))
    list(compressed(journal.path, keep=keep))
    assert journals(tmp_path) == []
    (path,) = journals(tmp_path, done=True)
    assert path.name.endswith(".journal.gz" if keep else ".stored.gz")
    assert list(JournalReader(path)) == before
    header = read_header(path)
    assert header is not None
    assert header.journal == journal.id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size < 1 << 20


def test_a_damaged_compressed_journal_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What can be read is; the rest is said with file and offset."""
    journal = Journal(tmp_path)
    for _ in range(10_000):
        journal.append({"text": os.urandom(100).hex()})
    list(compressed(journal.path, keep=True))
    (path,) = journals(tmp_path, done=True)
    os.truncate(path, path.stat().st_size // 2)
    reader = JournalReader(path)
    read = len(list(reader))
    assert 0 < read < 10_001
    assert reader.damaged == 1
    assert str(path) in caplog.text


def test_only_what_a_server_stored_expires(tmp_path: Path) -> None:
    """Journals of a server go after the retention time, unless messages were set aside."""
    paths = {}
    for name, keep in (("private", True), ("server", False), ("refused", False)):
        journal = Journal(tmp_path)
        list(compressed(journal.path, keep=keep))
        paths[name] = next(p for p in journals(tmp_path, done=True) if journal.id[:8] in p.name)
    DeadLetters.of_journal(paths["refused"]).add(Record(1, {}), ValueError("why"))
    remove_expired(tmp_path, days=1)
    assert all(path.exists() for path in paths.values())
    for path in paths.values():
        os.utime(path, (0, 0))
    remove_expired(tmp_path, days=1)
    assert {name for name, path in paths.items() if path.exists()} == {"private", "refused"}


def test_what_a_kill_left_half_made_goes(tmp_path: Path) -> None:
    """A file that was to become a journal, or a compressed one, is removed after a day."""
    path = tmp_path / "one.new"
    path.touch()
    remove_expired(tmp_path, days=0)
    assert path.exists()
    os.utime(path, (0, 0))
    remove_expired(tmp_path, days=0)
    assert not path.exists()


def test_a_message_is_set_aside_once(tmp_path: Path) -> None:
    """A kill between setting aside and the store's mark makes no second entry."""
    aside = DeadLetters.of_journal(tmp_path / "one.journal")
    for _ in range(2):
        aside.add(Record(7, {"a": 1}), ValueError("why"))
    assert len(aside) == 1
    assert stat.S_IMODE(aside.path.stat().st_mode) == 0o600


def test_fsync_forces_each_message_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KERAS_PROV_FSYNC=1: one fsync(2) for each message, and one for the folder's entry."""
    forced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.append(fsync(descriptor)))
    Journal(tmp_path).append({"a": 1})
    assert forced == []
    monkeypatch.setenv("KERAS_PROV_FSYNC", "1")
    journal = Journal(tmp_path)
    assert len(forced) == 2
    journal.append({"a": 1})
    assert len(forced) == 3


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """Its format is not guessed at: the error names the cure."""
    path = tmp_path / "new.journal"
    path.write_bytes(line_of(0, '{"journal":"x","format":99}'))
    with pytest.raises(JournalError, match="upgrade"):
        read_header(path)


def test_a_damaged_beginning_is_said(tmp_path: Path) -> None:
    """Without its first record nobody knows where a journal goes; an empty one says nothing."""
    journal = Journal(tmp_path)
    data = journal.path.read_bytes()
    journal.path.write_bytes(b"x" + data[1:])
    with pytest.raises(JournalError, match="no readable beginning"):
        read_header(journal.path)
    journal.path.write_bytes(data[:-1])
    assert read_header(journal.path) is None


def test_without_locks_only_the_dead_are_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without locks a journal is left only if its process ran here and ended."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: process.pid)
        journal = Journal(tmp_path)
    assert try_acquire(journal.path) is None
    process.communicate()
    descriptor = try_acquire(journal.path)
    assert descriptor is not None
    descriptor.close()


def test_a_journal_of_another_machine_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems lock within a machine alone: who knows better says so.

    A container has a name of its own and its machine's kernel: that is no other machine.
    """
    with monkeypatch.context() as patched:
        patched.setattr("socket.gethostname", lambda: "container")
        container = Journal(tmp_path)
        patched.setattr("dfanalyzer_client.journal._writer.boot", lambda: "another")
        other = Journal(tmp_path)
    container.close()
    other.close()
    for path, elsewhere, taken in (
        (container.path, False, True),
        (other.path, False, False),
        (other.path, True, True),
    ):
        descriptor = try_acquire(path, elsewhere=elsewhere)
        assert (descriptor is not None) == taken
        if descriptor is not None:
            descriptor.close()


def test_a_journal_is_locked_before_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can take it over, or take it for an empty one, while it is being made."""
    seen = []

    def watched(descriptor: int) -> None:
        seen.append(journals(tmp_path))
        _lock.lock(descriptor)

    monkeypatch.setattr(_writer, "lock", watched)
    journal = Journal(tmp_path)
    assert seen == [[]]
    assert journals(tmp_path) == [journal.path]
    assert read_header(journal.path) is not None


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    """A file where the folder should be raises with the path and the cure."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(JournalError, match="KERAS_PROV_HOME"):
        Journal(tmp_path / "home")


@pytest.mark.parametrize("tag", ["plain-1", "café-1", 'said "so"-1', "back\\slash-1"])
def test_a_tag_is_found_however_json_spells_it(tag: str) -> None:
    """What is erased, or verified, is found in the lines of journals, whatever is escaped there."""
    line = encode({"kind": "task", "exec": tag, "note": "other-1"}).encode()
    link = encode({"kind": "task", "exec": "x", "derivedFrom": [tag]}).encode()
    for each in (line, link):
        assert tags_in_lines([each], [tag, "other-1"]) == {tag}
