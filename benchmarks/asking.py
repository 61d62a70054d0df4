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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dfanalyzer_client import shutdown
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.executions.summaries import executions, find_execution
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.comparison.metric_summaries import summaries_source
from dfanalyzer_client.store.schema import table

from .asking_database import Size, fill
from .figures import machine

__all__ = ["main"]

MOST_COMPARED = 100
COMMANDS = {
    "start and imports": ["runs", "--help"],
    "keras-prov show last": ["show", "last"],
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, ask and print."""
    options = _parser().parse_args(arguments)
    size = Size(
        options.executions,
        options.epoch_rows,
        options.dataflows,
        options.wide,
        options.wide_metrics,
    )
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with _home(options.folder) as home:
        began = time.perf_counter()
        fill(home, size, say=lambda _: None)
        print(f"{size.executions:,} executions filled in {time.perf_counter() - began:.0f} s")
        with Connection(PrivateServer(home).ensure()) as connection:
            for what, ask in _questions(connection).items():
                _report(f"server: {what}", _seconds(ask, options.repeats))
            _say_sizes(connection, home, size)
        for what, command in COMMANDS.items():
            _report(f"process: {what}", _seconds(lambda c=command: _run(c, home), options.repeats))  # type: ignore[misc]


def _questions(connection: Connection) -> dict[str, Callable[[], object]]:
    """What is asked over an open connection."""
    newest = connection.query(
        f"SELECT id FROM {table('dataflow_execution')} ORDER BY id DESC LIMIT {MOST_COMPARED}"
    )
    ids = [id_ for (id_,) in newest]
    last = find_execution(connection, "last")
    ((task,),) = connection.query(
        f"SELECT max(task_id) FROM {table('metric_value')} WHERE name = 'val_loss'"
    )
    curve = (
        f"SELECT epoch, value, exact FROM {table('metric_value')} "
        "WHERE task_id = %s AND name = %s ORDER BY epoch"
    )
    best = "SELECT task_id, lowest FROM {} AS s WHERE name = %s ORDER BY lowest LIMIT 1"
    return {
        "50 newest executions": lambda: executions(connection, ids=ids[:50]),
        "100 executions, compared": lambda: executions(connection, ids=ids),
        "find the last one": lambda: find_execution(connection, "last"),
        "read it whole, as show does": lambda: read_execution(connection, last.dataflow, last.id),
        "one curve": lambda: connection.query(curve, [task, "val_loss"]),
        "best of all": lambda: connection.query(
            best.format(summaries_source(connection)), ["val_loss"]
        ),
    }


def _say_sizes(connection: Connection, home: Path, size: Size) -> None:
    """Print what an execution, an epoch and a metric's value take on the disk."""
    ((values, value_bytes),) = connection.query(
        "SELECT max(count), sum(columnsize + heapsize + hashes + imprints) FROM sys.storage() "
        "WHERE \"schema\" = 'public' AND \"table\" = 'metric_value'"
    )
    whole = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    journals = sum(path.stat().st_size for path in home.glob("journals/*"))
    print(
        f"on disk: {whole / 1e6:,.0f} MB, {whole / size.executions / 1e3:,.1f} KB an execution; "
        f"{value_bytes / values:.1f} bytes a value in metric_value, of {values:,} values; journals "
        f"of the executions that were sent: {journals / 1e6:.1f} MB"
    )


def _run(command: Sequence[str], home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", *command],
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _seconds(ask: Callable[[], object], repeats: int) -> list[float]:
    """How long a question takes; the first answer, which fills caches, does not count."""
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
def _home(folder: Path | None) -> Iterator[Path]:
    """A data folder that is removed in the end, and whose server is stopped."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        try:
            yield Path(name)
        finally:
            shutdown()
            PrivateServer(Path(name)).stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.asking", description="Measure questions over many executions."
    )
    for name, default in vars(Size()).items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=default, help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, help="where the database is; default: temporary")
    return parser


if __name__ == "__main__":
    main()
