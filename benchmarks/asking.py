"""`python -m benchmarks.asking`: what questions cost in a database of many executions.

It fills a private database in a folder of its own, which is removed in the end, and asks each
question in fresh processes, as `keras-prov` does, and over an open connection. The whole time of a
process is printed, and beside it what its interpreter and its imports take.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from dfanalyzer_client import shutdown
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.executions.summaries import executions, find_execution
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.comparison.metric_summaries import (
    summaries_source,
    summarize_dataflows,
)
from dfanalyzer_client.store.comparison.metric_values import epoch_values
from dfanalyzer_client.store.schema import table
from dfanalyzer_client.support.digest import file_digest

from .asking_database import Size, fill
from .disk_use import disk_use, say_growth
from .figures import machine
from .fresh_process import server_cpu

__all__ = ["main"]

MOST_COMPARED = 100
START = ["runs", "--help"]
"""What only starts: the interpreter, and the imports of a command."""

BEST = ["runs", "--where", "val_loss < 0.01", "--sort", "val_loss"]

SENT = 50
"""So many executions are sent as messages, one after the other, to see what each takes on disk."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, ask and print."""
    options = _parser().parse_args(arguments)
    size = Size(*(getattr(options, name) for name in vars(Size())))
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with _home(options.folder, options.keep) as home:
        if not (home / "server").exists():
            began = time.perf_counter()
            fill(home, size, say=lambda _: None)
            print(f"{size.executions:,} executions filled in {time.perf_counter() - began:.0f} s")
        with Connection(PrivateServer(home).ensure()) as connection:
            known = _known_file(connection, home)
            compared = _newest(connection, MOST_COMPARED)
            for what, ask in _questions(connection).items():
                _report(f"server: {what}", _seconds(ask, options.repeats))
            anew = _seconds(lambda: _summarize_anew(connection), 1, warm=True)
            _report("server: summaries, as an upgrade makes them", anew)
            _say_sizes(connection, home, size)
        _ask_processes(home, _commands(known, compared), options.repeats)
    with _home(options.folder, None) as home:
        say_growth(home, min(SENT, size.executions), size.epochs)
    _say_load()


def _commands(known: Path, compared: Sequence[int]) -> dict[str, list[str]]:
    """What is asked in fresh processes."""
    return {
        "runs --limit 50": ["runs", "--limit", "50"],
        "runs --where … --sort … --limit 10": [*BEST, "--limit", "10"],
        "show last": ["show", "last"],
        "curve last val_loss": ["curve", "last", "val_loss"],
        f"compare, {len(compared)} executions": ["compare", *map(str, compared)],
        "origin of a known file": ["origin", str(known)],
    }


def _ask_processes(home: Path, commands: Mapping[str, Sequence[str]], repeats: int) -> None:
    """Print how long processes take, each beside the start of one at the same time.

    Seconds of processors vary less than those of clocks on a machine that does other things.
    """
    for what, command in commands.items():
        _run(command, home)
        pairs = [(_run(START, home), _run(command, home)) for _ in range(repeats)]
        _report(f"process: {what}", [of.seconds for _, of in pairs])
        _report("    start and imports", [start.seconds for start, _ in pairs])
        _report("    beside that", [of.seconds - start.seconds for start, of in pairs])
        _report("    CPU beside that", [of.cpu - start.cpu for start, of in pairs])
        _report("    CPU of the server", [of.server_cpu for _, of in pairs])


def _known_file(connection: Connection, home: Path) -> Path:
    """A file that the newest execution has written, as the database says from now on."""
    path = home / "model.keras"
    path.write_bytes(b"weights" * 100_000)
    _, sha256 = file_digest(path)
    with connection.transaction():
        connection.execute(
            f"UPDATE {table('file')} SET sha256 = %s WHERE task_id = "
            f"(SELECT max(task_id) FROM {table('file')})",
            [sha256],
        )
    return path


def _newest(connection: Connection, count: int) -> list[int]:
    rows = connection.query(
        f"SELECT id FROM {table('dataflow_execution')} ORDER BY id DESC LIMIT {count}"
    )
    return [id_ for (id_,) in rows]


def _questions(connection: Connection) -> dict[str, Callable[[], object]]:
    """What is asked over an open connection."""
    ids = _newest(connection, MOST_COMPARED)
    last = find_execution(connection, "last")
    ((task,),) = connection.query(
        f"SELECT max(task_id) FROM {table('metric_value')} WHERE name = 'val_loss'"
    )
    best = "SELECT task_id, lowest FROM {} AS s WHERE name = %s ORDER BY lowest LIMIT 1"
    return {
        "50 newest executions": lambda: executions(connection, ids=ids[:50]),
        "100 executions, compared": lambda: executions(connection, ids=ids),
        "find the last one": lambda: find_execution(connection, "last"),
        "read it whole, as show does": lambda: read_execution(connection, last.dataflow, last.id),
        "one curve": lambda: epoch_values(connection, [task], ["val_loss"]),
        "best of all": lambda: connection.query(
            best.format(summaries_source(connection)), ["val_loss"]
        ),
    }


def _summarize_anew(connection: Connection) -> None:
    """Compute all summaries, in a transaction that is not committed."""
    rows = connection.query(f"SELECT id FROM {table('dataflow')}")
    try:
        connection.execute(f"DELETE FROM {table('metric_summary')}")
        summarize_dataflows(connection, [id_ for (id_,) in rows])
    finally:
        connection.rollback()


def _say_sizes(connection: Connection, home: Path, size: Size) -> None:
    """Print what an execution, an epoch and a metric's value take in the database."""
    ((values, value_bytes),) = connection.query(
        "SELECT max(count), sum(columnsize + heapsize + hashes + imprints) FROM sys.storage() "
        "WHERE \"schema\" = 'public' AND \"table\" = 'metric_value'"
    )
    whole = disk_use(home).database
    print(
        f"database: {whole / 1e6:,.0f} MB, {whole / size.executions / 1e3:,.1f} KB an execution of "
        f"{size.epochs} epochs; {value_bytes / values:.1f} bytes a value in metric_value, of "
        f"{values:,} values"
    )


def _say_load() -> None:
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"load of the last 1, 5 and 15 minutes: {loads}")


class _Run(NamedTuple):
    """Seconds that a command took: by the clock, of processors, and of processors in the server."""

    seconds: float
    cpu: float
    server_cpu: float


def _run(command: Sequence[str], home: Path) -> _Run:
    before, server, began = os.times(), server_cpu(home) or 0.0, time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", *command],
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    seconds, after = time.perf_counter() - began, os.times()
    user = after.children_user - before.children_user
    system = after.children_system - before.children_system
    return _Run(seconds, user + system, (server_cpu(home) or 0.0) - server)


def _seconds(ask: Callable[[], object], repeats: int, *, warm: bool = False) -> list[float]:
    """How long a question takes; the first answer, which fills caches, does not count."""
    if not warm:
        ask()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found


def _report(what: str, seconds: Sequence[float]) -> None:
    low, middle, high = (1e3 * f(seconds) for f in (min, statistics.median, max))
    print(f"{what:<44} {middle:8,.1f} ms ({low:,.1f} … {high:,.1f})", flush=True)


@contextmanager
def _home(folder: Path | None, keep: Path | None) -> Iterator[Path]:
    """A data folder whose server is stopped in the end; it is removed, but for one to keep."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = keep or Path(name)
        home.mkdir(parents=True, exist_ok=True)
        try:
            yield home
        finally:
            shutdown()
            PrivateServer(home).stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.asking", description="Measure questions over many executions."
    )
    for name, default in vars(Size()).items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=default, help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="where the database is; default: temporary")
    parser.add_argument(
        "--keep", type=Path, help="a data folder that is filled unless it is, and kept"
    )
    return parser


if __name__ == "__main__":
    main()
