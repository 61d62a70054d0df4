"""A server that moved: what waits for its old address is stored at the new one, once."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from delivery.speaker import COMMAND, NEVER, Speaker, rows_of
from dfanalyzer_client.journal import journals
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

pytestmark = pytest.mark.thorough

GONE = "monetdb://ada:s3cret@127.0.0.1:9/before"


def left_behind(home: Path, tag: str, store: str) -> list[int]:
    speaker = Speaker(home, tag, 1, 1, "forever", **NEVER, KERAS_PROV_STORE=store)
    speaker.said(20)
    return list(range(1, speaker.kill() + 1))


def said(home: Path, *arguments: str, code: int = 0) -> str:
    """All that a command prints."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
    )
    assert done.returncode == code, done
    assert "s3cret" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def stored(server: PrivateServer, tag: str) -> list[tuple[object, ...]]:
    connection = Connection(server.ensure())
    try:
        return connection.query(f'SELECT n, s FROM "{tag}"."out" ORDER BY n')
    finally:
        connection.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder without a server in it."""
    return tmp_path / "own"


def test_what_waits_is_stored_at_the_new_address_once(
    home: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """Commands name the way; all is stored, nothing twice; --again tells a new database all."""
    numbers = left_behind(home, tag, GONE)
    here = elsewhere.ensure().reveal()
    found = None
    for line in (("sync", "--store", here), ("journal", "--store", here)):
        found = re.search(r"--moved-from '(\S+)'", said(home, *line, code=line[0] == "sync"))
        assert found, line
        assert found[1] == "monetdb://ada@127.0.0.1:9/before"
    assert found
    moving = ("sync", "--moved-from", found[1], "--store", here)
    assert f"{len(numbers) + 3} messages stored" in said(home, *moving)
    assert stored(elsewhere, tag) == rows_of(numbers)
    assert "Nothing was left" in said(home, *moving)
    assert "Nothing was left" in said(home, "sync", "--again", "--store", here)
    (done,) = journals(home / "journals", done=True)
    assert done.stat().st_mode & 0o777 == 0o600
    table = said(home, "journal", "--store", here)
    assert "moved-from" not in table
    assert f"127.0.0.1:{elsewhere.ensure().port}" in table

    aside = elsewhere.set_database_aside()  # and now to a database that knows nothing
    assert aside is not None
    there = elsewhere.ensure().reveal().replace("127.0.0.1", "localhost.")
    assert "Nothing was left" in said(home, "sync", "--store", there)
    assert f"{len(numbers) + 3} messages stored" in said(home, "sync", "--again", "--store", there)
    assert stored(elsewhere, tag) == rows_of(numbers)


def test_names_of_this_machine_are_one(home: Path, elsewhere: PrivateServer, tag: str) -> None:
    """What waits for localhost is stored by a sync with 127.0.0.1, and by who captures there."""
    url = elsewhere.ensure().reveal()
    numbers = left_behind(home, tag, url.replace("127.0.0.1", "localhost"))
    assert f"{len(numbers) + 3} messages stored" in said(home, "sync", "--store", url)
    assert stored(elsewhere, tag) == rows_of(numbers)
    numbers = left_behind(home, f"{tag}-2", url.replace("127.0.0.1", "localhost"))
    speaker = Speaker(home, f"{tag}-3", 1, 1, "wait", KERAS_PROV_STORE=url)
    while journals(home / "journals")[1:]:
        pass
    speaker.go()
    speaker.end()
    assert stored(elsewhere, f"{tag}-2") == rows_of(numbers)


def test_nonsense_is_refused_and_changes_nothing(
    home: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """The same address, one that no journal names or that is no URL, and no or a dead new one."""
    left_behind(home, tag, GONE)
    before = {path: path.read_bytes() for path in journals(home / "journals")}
    here = elsewhere.ensure().reveal()
    for old, new, code, words in (
        (here, here.replace("127.0.0.1", "localhost"), 1, "are the same server"),
        ("monetdb://other.example.org/x", here, 1, "ada@127.0.0.1:9/before"),
        ("ada:s3cret@x", here, 1, "Invalid store URL"),
        (GONE, None, 2, "Name the new address of the server"),
        (GONE, here.replace("provenance", "none"), 1, "check user, password and database"),
        (GONE, "monetdb://u:s3cret@127.0.0.1:1/x", 1, "No MonetDB answers"),
    ):
        store = () if new is None else ("--store", new)
        assert words in said(home, "sync", "--moved-from", old, *store, code=code)
    assert {path: path.read_bytes() for path in journals(home / "journals")} == before


def test_a_journal_that_is_being_written_is_left(
    home: Path, elsewhere: PrivateServer, tag: str
) -> None:
    """It is counted, and moves when its process has ended."""
    speaker = Speaker(home, tag, 1, 2, "wait", **NEVER, KERAS_PROV_STORE=GONE)
    speaker.go()
    moving = ("sync", "--moved-from", GONE, "--store", elsewhere.ensure().reveal())
    assert "1 are still being written" in said(home, *moving)
    speaker.kill()
    said(home, *moving)
    assert stored(elsewhere, tag) == rows_of([1])
