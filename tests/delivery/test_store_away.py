"""The store is away, or killed in mid-batch: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from delivery.speaker import Speaker, command, rows_of, stored, wait_for
from dfanalyzer_client.errors import PrivateServerError
from dfanalyzer_client.private_server import PrivateServer

KILLS = 8


def test_a_store_that_is_away_at_first(own: Path, elsewhere: PrivateServer, tag: str) -> None:
    """What was said before the server came is stored once it is there."""
    url = elsewhere.ensure().reveal()
    elsewhere.stop()
    speaker = Speaker(own, tag, 1, 10, "flush", KERAS_PROV_STORE=url)
    speaker.said(10)
    elsewhere.start()
    printed, complaints = speaker.end()
    assert printed == "True\n"
    assert complaints.count("No MonetDB answers") == 1
    assert "The store is back" in complaints
    assert stored(elsewhere.log_path.parents[1], tag) == rows_of(range(1, 11))


@pytest.mark.thorough
def test_a_store_that_goes_away_for_a_while(own: Path, elsewhere: PrivateServer, tag: str) -> None:
    """What was said meanwhile is stored when the server is back."""
    url = elsewhere.ensure().reveal()
    folder = elsewhere.log_path.parents[1]
    speaker = Speaker(own, tag, 1, 15, "wait", "flush", KERAS_PROV_STORE=url)
    speaker.go(5)
    wait_for(folder, tag, range(1, 6))
    elsewhere.stop()
    speaker.go(5)
    elsewhere.start()
    speaker.go(5)
    printed, _ = speaker.end()
    assert printed == "True\n"
    assert stored(folder, tag) == rows_of(range(1, 16))


@pytest.mark.thorough
def test_a_store_that_is_away_at_the_end(own: Path, elsewhere: PrivateServer, tag: str) -> None:
    """The exit says what is left, and `sync` stores it."""
    url = elsewhere.ensure().reveal()
    folder = elsewhere.log_path.parents[1]
    environment = {"KERAS_PROV_STORE": url, "KERAS_PROV_EXIT_FLUSH": "1.5"}
    speaker = Speaker(own, tag, 1, 10, "wait", **environment)
    speaker.go(5)
    wait_for(folder, tag, range(1, 6))
    elsewhere.stop()
    speaker.go(5)
    _, complaints = speaker.end()
    assert "storing the last messages, 1.5 s at most" in complaints
    told = re.search(r"(\d+) messages are not stored yet", complaints)
    assert told is not None
    assert told[1] in {"6", "13"}  # all, if the server stopped before it could answer the COMMIT
    assert "keras-prov sync" in complaints
    elsewhere.start()
    assert "6 messages stored" in command(own, "sync", KERAS_PROV_STORE=url)
    assert stored(folder, tag) == rows_of(range(1, 11))


@pytest.mark.thorough
def test_a_server_killed_in_mid_batch(own: Path, tag: str) -> None:
    """kill -9 of the private server, again and again, while rows are being stored."""
    server = PrivateServer(own)
    speaker = Speaker(own, tag, 1, 1, "forever", KERAS_PROV_BATCH="0.01")
    for _ in range(KILLS):
        before = len(stored_or_rebuilt(own, tag))
        while len(stored_or_rebuilt(own, tag)) == before:
            speaker.said(1000)
        state = server.status()
        if state.pid is not None:
            os.kill(state.pid, signal.SIGKILL)
    last = speaker.kill()
    stored_or_rebuilt(own, tag)
    command(own, "sync")
    assert stored_or_rebuilt(own, tag) == rows_of(range(1, last + 1))


def stored_or_rebuilt(home: Path, tag: str) -> list[tuple[float, str]]:
    """MonetDB's kernel of 2021 has been seen to lose a file to a kill; `db rebuild` is the cure."""
    try:
        PrivateServer(home).ensure()
    except PrivateServerError as error:
        if "keras-prov db rebuild" not in str(error):
            raise
        command(home, "db", "rebuild", "--yes")
    return stored(home, tag)


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_a_process_as_they_always_do(own: Path, tag: str, number: int) -> None:
    """We handle none: the exit status is as without us, and `sync` stores what was said."""
    speaker = Speaker(own, tag, 1, 5, "wait")
    speaker.go(1)
    wait_for(own, tag, [1])
    speaker.go(2)
    speaker.process.send_signal(number)
    assert speaker.process.wait() == -number
    command(own, "sync")
    assert stored(own, tag) == rows_of(range(1, 4))
