"""Journals whose process is gone: stored by whoever comes next, once, and kept or let go."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from delivery.speaker import COMMAND, NEVER, Speaker, command, rows_of, stored, wait_for
from dfanalyzer_client.journal import Journal, journals
from dfanalyzer_client.journal._record import line_of, parsed
from dfanalyzer_client.private_server import PrivateServer


def left_behind(home: Path, tag: str, rows: int, **environment: str) -> list[int]:
    """What a process said that was killed before it stored anything."""
    speaker = Speaker(home, tag, 1, 1, "forever", **{**NEVER, **environment})
    speaker.said(rows)
    return list(range(1, speaker.kill() + 1))


def statuses(home: Path) -> list[str]:
    return command(home, "sql", "--csv", 'SELECT status FROM "public".task').split()[1:]


def test_the_next_capturing_process_stores_what_a_killed_one_left(own: Path, tag: str) -> None:
    """In the background, while it lives; then the journal is compressed, and its task ABANDONED."""
    numbers = left_behind(own, tag, 100)
    (path,) = journals(own / "journals")
    speaker = Speaker(own, f"{tag}-2", 1, 1, "wait")
    wait_for(own, tag, numbers)
    while path.exists():
        pass
    assert "ABANDONED" in statuses(own)
    speaker.go()
    speaker.end()
    assert sorted(statuses(own)) == ["ABANDONED", "FINISHED"]
    assert stored(own, tag) == rows_of(numbers)
    assert path.with_name(f"{path.name}.gz") in journals(own / "journals", done=True)
    assert stored(own, f"{tag}-2") == rows_of([1])


@pytest.mark.thorough
def test_of_several_takers_one_stores_a_journal(own: Path, tag: str) -> None:
    """Four `sync`s at once and a capturing process: each message is stored by one of them."""
    numbers = left_behind(own, tag, 5000)
    messages = len(numbers) + 3  # a dataflow, and the task's begin and end
    takers = [
        subprocess.Popen(
            [*COMMAND, "sync"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "KERAS_PROV_HOME": str(own)},
        )
        for _ in range(4)
    ]
    speaker = Speaker(own, f"{tag}-2", 1, 1)
    counts = []
    for taker in takers:
        (summary,) = taker.communicate()[0].splitlines()[-1:]
        counts += [int(summary.split()[0])] if "messages stored" in summary else []
    speaker.end()
    command(own, "sync")  # if the capturing process was the one, its end may have cut it short
    assert counts in ([messages], [])
    assert stored(own, tag) == rows_of(numbers)


@pytest.mark.thorough
def test_a_taker_that_is_killed_leaves_the_rest_to_another(own: Path, tag: str) -> None:
    """What it stored is not stored again."""
    numbers = left_behind(own, tag, 60_000)
    PrivateServer(own).start()
    taker = subprocess.Popen([*COMMAND, "sync"], env={**os.environ, "KERAS_PROV_HOME": str(own)})
    while not (before := len(stored(own, tag))):
        assert taker.poll() is None
    taker.kill()
    taker.wait()
    assert before < len(numbers)
    command(own, "sync")
    assert stored(own, tag) == rows_of(numbers)


def test_another_stores_journals_are_left_alone(own: Path, tag: str) -> None:
    """A capturing process has the password of its own store alone."""
    left_behind(own, tag, 5, KERAS_PROV_STORE="monetdb://a:b@127.0.0.1:9/x")
    (path,) = journals(own / "journals")
    mine = left_behind(own, f"{tag}-2", 5)
    speaker = Speaker(own, f"{tag}-3", 1, 1, "wait")
    wait_for(own, f"{tag}-2", mine)
    speaker.go()
    speaker.end()
    assert path.exists()


@pytest.mark.thorough
def test_a_journal_of_another_machine_waits_for_a_word(own: Path, tag: str) -> None:
    """It is listed with its machine, and `sync --elsewhere` stores it."""
    numbers = left_behind(own, tag, 5)
    (path,) = journals(own / "journals")
    header, _, rest = path.read_bytes().partition(b"\n")
    said = parsed(header + b"\n")
    assert said is not None
    other = {**said.message, "host": "node7", "boot": "another"}
    path.write_bytes(line_of(0, json.dumps(other)) + rest)
    assert "| on node7 |" in command(own, "journal")
    assert "Nothing was left" in command(own, "sync")
    assert stored(own, tag) == []
    command(own, "sync", "--elsewhere")
    assert stored(own, tag) == rows_of(numbers)


@pytest.mark.thorough
def test_a_servers_journals_are_kept_for_its_backups(
    own: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """`sync --again` gives a server that lost its database all that it had, once."""
    url = elsewhere.ensure().reveal()
    numbers = left_behind(own, tag, 50, KERAS_PROV_STORE=url)
    command(own, "sync", KERAS_PROV_STORE=url)
    (path,) = journals(own / "journals", done=True)
    assert path.name.endswith(".stored.gz")

    elsewhere.set_database_aside()
    assert elsewhere.ensure().reveal() == url
    folder = elsewhere.log_path.parents[1]
    assert "Nothing was left" in command(own, "sync", KERAS_PROV_STORE=url)
    assert stored(folder, tag) == []
    for _ in range(2):
        command(own, "sync", "--again", KERAS_PROV_STORE=url)
        assert stored(folder, tag) == rows_of(numbers)


@pytest.mark.thorough
def test_damage_in_a_journal_costs_what_was_damaged(own: Path, tag: str) -> None:
    """File and offset are reported, and all records after it are stored."""
    numbers = left_behind(own, tag, 100)
    (path,) = journals(own / "journals")
    data = bytearray(path.read_bytes())
    offset = data.index(b"row 40:")
    data[offset : offset + 3] = b"\0\0\0"
    path.write_bytes(data)
    listed = command(own, "journal")
    assert "(1 damaged)" in listed
    done = subprocess.run(
        [*COMMAND, "sync"],
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = data.rindex(b"\n", 0, offset) + 1
    assert f"{path} at byte {line} was skipped" in done.stderr
    assert stored(own, tag) == rows_of(number for number in numbers if number != 40)


def test_a_journal_that_says_nothing_is_removed(own: Path) -> None:
    """A process that was killed as it began leaves an empty file, which troubles nobody."""
    journal = Journal(own / "journals")
    journal.close()
    os.truncate(journal.path, 10)
    assert "No journals yet" not in command(own, "sync")
    assert journals(own / "journals") == []


@pytest.mark.thorough
def test_the_list_of_journals_tells_how_each_stands(own: Path, tag: str) -> None:
    """Execution, messages, stored, set aside, size and age, of running, left and stored ones."""
    done = Speaker(own, f"{tag}-done", 1, 3)
    done.end()
    command(own, "sync")  # else the next one is at it while we look
    speaker = Speaker(own, f"{tag}-runs", 1, 1, "wait", **NEVER)
    left = left_behind(own, f"{tag}-left", 10)
    lines = command(own, "journal").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if f"{tag}-" in line]
    names = ["process", "messages", "stored", "set aside"]
    header = [cell.strip() for cell in lines[1].split("|")[1:-1]]
    assert header == ["journal", "store", "process", "execution", *names[1:], "bytes", "age"]
    assert [[row[header.index(name)] for name in names] for row in rows] == [
        ["ended", "6", "6", "0"],
        ["running", "2", "0", "0"],
        ["ended", str(len(left) + 2), "0", "0"],
    ]
    assert all(row[header.index("age")].endswith(" s") for row in rows)
    speaker.go()
    speaker.end()
