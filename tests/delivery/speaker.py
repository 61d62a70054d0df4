"""A process that says rows (`says.py`), and what is stored of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from delivery.says import text_of
from dfanalyzer_client.errors import DfAnalyzerError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

SCRIPT = Path(__file__).with_name("says.py")
COMMAND = [sys.executable, "-m", "dfanalyzer_client.cli"]
NEVER = {"KERAS_PROV_BATCH": "3600", "KERAS_PROV_EXIT_FLUSH": "0"}
"""Settings with which a process leaves all that it says in its journal."""


class Speaker:
    """The process, row by row."""

    def __init__(
        self,
        home: Path,
        tag: str,
        first: int,
        last: int,
        *how: str,
        on: Sequence[str] = (),
        **environment: str,
    ) -> None:
        self.home, self._last = home, first - 1
        self.process = subprocess.Popen(
            [*on, sys.executable, str(SCRIPT), tag, str(first), str(last), *how],
            env={**os.environ, "KERAS_PROV_HOME": str(home), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready", self.process.communicate()[1]

    def go(self, rows: int = 1) -> None:
        """Let it say so many more rows, and wait until it has."""
        assert self.process.stdin is not None
        for _ in range(rows):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            self.said()

    def said(self, rows: int = 1) -> int:
        """Wait until it has said so many more rows; the number of the last one."""
        for _ in range(rows):
            self._last = int(self._line())
        return self._last

    def kill(self) -> int:
        """End it with SIGKILL; the number of the last row that was said, printed or not yet."""
        self.process.kill()
        lines = self._rest().splitlines(keepends=True)
        last = [self._last, *(int(line) for line in lines if line.endswith("\n"))][-1]
        (path,) = self.journals()
        return last + (f"row {last + 1}:" in path.read_text().rpartition("\n")[0])

    def journals(self) -> list[Path]:
        """Its journal, as long as it is not completely stored."""
        return list(self.home.glob(f"journals/*-{self.process.pid}-*.journal"))

    def end(self) -> tuple[str, str]:
        """Wait for its end; the rest of what it printed, and what it had to say on stderr."""
        printed = self._rest()
        assert self.process.stderr is not None
        complaints = self.process.stderr.read()
        assert self.process.wait() == 0, complaints
        return printed, complaints

    def _rest(self) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        return self.process.stdout.read()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")


def command(home: Path, *arguments: str, on: Sequence[str] = (), **environment: str) -> str:
    """What `keras-prov` prints."""
    return subprocess.run(
        [*on, *COMMAND, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_PROV_HOME": str(home), **environment},
    ).stdout


def rows_of(numbers: Iterable[int]) -> list[tuple[float, str]]:
    """The rows that go with these numbers."""
    return [(float(number), text_of(number)) for number in numbers]


def stored(home: Path, tag: str) -> list[tuple[float, str]]:
    """The rows in the database, by number; none while nobody has made their table."""
    try:
        connection = Connection(PrivateServer(home).ensure())
    except DfAnalyzerError:
        return []
    try:
        return connection.query(f'SELECT n, s FROM "{tag}"."out" ORDER BY n')
    except DfAnalyzerError as error:
        if "no such" in str(error) or "is gone" in str(error):
            return []
        raise
    finally:
        connection.close()


def wait_for(home: Path, tag: str, numbers: Iterable[int]) -> None:
    """Ask until these rows are stored; the suite's time limit ends a hopeless wait."""
    wanted = rows_of(numbers)
    while stored(home, tag) != wanted:
        pass
