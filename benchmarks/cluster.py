"""`python -m benchmarks.cluster`: many processes that write to one MonetDB through a relay.

For each number of writers it prints how fast their rows were stored, and how many rows were lost or
doubled and how many tasks have a wrong end state, while every tenth writer kills itself, and the
relay and the database's server are killed and started again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

from .figures import machine
from .forked_writers import is_killed
from .markdown import table

__all__ = ["Outcome", "Relay", "measure"]

COLUMNS = (
    "writers",
    "rows/s each",
    "rows",
    "rows/s stored",
    "kills",
    "lost",
    "doubled",
    "wrong ends",
)

LOG = "writers.log"
ROWS = 'SELECT writer, n FROM "cluster"."out"'
ENDS = (
    'SELECT DISTINCT CAST(s.writer AS INT), t.status FROM "cluster"."out" AS s '
    'JOIN "public".task AS t ON t.id = s.step_task_id'
)


@dataclass(frozen=True)
class Outcome:
    """What came of a number of writers.

    Attributes:
        rows: how many rows the writers have said.
        seconds: from the start until all writers had ended, with their rows stored.
        kills: how many processes were killed: writers, the relay and the database's server.
        lost: rows that are not stored.
        doubled: rows that are stored more than once.
        wrong_ends: writers whose task does not show how they ended.
    """

    rows: int
    seconds: float
    kills: int
    lost: int
    doubled: int
    wrong_ends: int


class Relay:
    """A relay for one database, on a port of its own, which can be killed and started again."""

    def __init__(self, database: str, home: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._port = int(taken.getsockname()[1])
        self._environment = {**os.environ, "KERAS_PROV_HOME": str(home)}
        self._environment["KERAS_PROV_STORE"] = database
        self.start()

    @property
    def url(self) -> str:
        """What its senders have in KERAS_PROV_STORE."""
        return f"relay+http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-m", "dfanalyzer_client.cli", "relay"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self._port)],
            env=self._environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None  # noqa: S101  # for the type checker
        said = self._process.stderr.readline()
        if not said.startswith("Relaying on"):
            raise RuntimeError(said + self._process.communicate()[1])

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.communicate()

    def close(self) -> None:
        """End it as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)
        self._process.communicate()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, nargs="+", default=[20, 100, 500])
    parser.add_argument("--rows", type=int, default=30, help="of each writer: %(default)s")
    parser.add_argument(
        "--rate", type=float, nargs="+", default=[1.0], help="rows per second of each"
    )
    options = parser.parse_args(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    lines = []
    for writers in options.writers:
        for rate in options.rate:
            found = measure(writers, options.rows, rate)
            rates = f"{found.rows / found.seconds:,.0f}"
            outcome = (found.kills, found.lost, found.doubled, found.wrong_ends)
            lines.append([str(each) for each in (writers, rate, found.rows, rates, *outcome)])
            print(dict(zip(COLUMNS, lines[-1], strict=True)), flush=True)
    print("\n".join(table(COLUMNS, lines, "r" * len(COLUMNS))))


def measure(writers: int, rows: int, rate: float, every: int = 10) -> Outcome:
    """What comes of writers of which every n-th kills itself; relay and server are killed once."""
    with _folders() as (server, home):
        database = server.ensure().reveal()
        with contextlib.closing(Relay(database, home)) as relay:
            began = time.perf_counter()
            process = _start_writers(home, relay.url, (writers, rows, rate, every))
            relay.kill()  # they write by now
            relay.start()
            _kill(server)
            server.ensure()
            if process.wait():
                raise RuntimeError(f"A writer failed: {(home / LOG).read_text()}")
            seconds = time.perf_counter() - began
            _sync(home, relay.url)
        return _outcome(server, (writers, rows, every), seconds)


def _kill(server: PrivateServer) -> None:
    """End a server with SIGKILL."""
    pid = server.status().pid
    assert pid is not None  # noqa: S101  # for the type checker
    os.kill(pid, signal.SIGKILL)
    while server.status().running:
        time.sleep(0.01)


def _start_writers(home: Path, url: str, numbers: Sequence[float]) -> subprocess.Popen[str]:
    """Start the writers, and wait until all of them have begun."""
    home.mkdir(mode=0o700)
    with (home / LOG).open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.forked_writers", *map(str, numbers)],
            env={**os.environ, "KERAS_PROV_HOME": str(home), "KERAS_PROV_STORE": url},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None  # noqa: S101  # for the type checker
    process.stdout.readline()
    return process


def _sync(home: Path, url: str) -> None:
    """Store what the killed writers left behind."""
    subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "sync"],
        env={**os.environ, "KERAS_PROV_HOME": str(home), "KERAS_PROV_STORE": url},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _outcome(server: PrivateServer, numbers: tuple[int, int, int], seconds: float) -> Outcome:
    writers, rows, every = numbers
    said = {
        (writer, row)
        for writer in range(writers)
        for row in range(rows // 2 if is_killed(writer, every) else rows)
    }
    with contextlib.closing(Connection(server.ensure())) as connection:
        stored = Counter((int(writer), int(row)) for writer, row in connection.query(ROWS))
        ends: dict[int, str] = dict(connection.query(ENDS))
    killed = [writer for writer in range(writers) if is_killed(writer, every)]
    expected = {
        writer: "ABANDONED" if is_killed(writer, every) else "FINISHED" for writer in range(writers)
    }
    return Outcome(
        len(said),
        seconds,
        len(killed) + 2,
        len(said - stored.keys()),
        sum(count - 1 for count in stored.values()) + len(stored.keys() - said),
        sum(ends.get(writer) != status for writer, status in expected.items()),
    )


@contextlib.contextmanager
def _folders() -> Iterator[tuple[PrivateServer, Path]]:
    """A database that stands for a server of one's own, and a data folder of the writers."""
    with tempfile.TemporaryDirectory() as name:
        server = PrivateServer(Path(name) / "server")
        try:
            yield server, Path(name) / "home"
        finally:
            server.stop()


if __name__ == "__main__":
    main()
