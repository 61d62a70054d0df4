"""`python -m benchmarks.bulk`: INSERT with 500 rows per statement and COPY, by number of rows.

The table has five columns, in a private server; figures are medians of `--rounds` transactions.
It prints the table of docs/explanation/delivery.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, bulk

from .figures import machine
from .homes import own_home
from .markdown import table

SIZES = (1, 10, 100, 500, 1_000, 2_000, 10_000)
COLUMNS = ("id", "epoch", "loss", "accuracy", "note")
TYPES = ("INTEGER", "DOUBLE", "DOUBLE", "DOUBLE", "TEXT")
METHODS = {"INSERT, ms": max(SIZES) + 1, "COPY, ms": 1}
"""The number of rows from which COPY is used."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    rounds = parser.parse_args().rounds
    with own_home() as home, closing(Connection(PrivateServer(home).ensure())) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, TYPES, strict=True))
        with connection.transaction():
            connection.execute(f"CREATE TABLE measured ({columns})")
        rows = [
            [method, *(_milliseconds(connection, size, least, rounds) for size in SIZES)]
            for method, least in METHODS.items()
        ]
    where = machine()
    print("\n".join(table(["rows", *(f"{size:,}" for size in SIZES)], rows)))
    print(f"\n{where['processor']}, {where['cores']} cores, load {where['load']}, {where['date']}")


def _milliseconds(connection: Connection, size: int, least: int, rounds: int) -> str:
    rows: Sequence[Sequence[Any]] = [
        (n, float(n), n / 7, 1 / (n + 1), f"row {n}") for n in range(size)
    ]
    seconds = []
    with _copying_from(least):
        for _ in range(rounds):
            begin = time.perf_counter()
            with connection.transaction():
                bulk.insert_rows(connection, '"measured"', COLUMNS, rows)
            seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds) * 1e3
    return f"{median:.1f}" if median < 10 else f"{median:.0f}"


@contextmanager
def _copying_from(least: int) -> Iterator[None]:
    before = bulk.COPY_ROWS
    bulk.COPY_ROWS = least
    try:
        yield
    finally:
        bulk.COPY_ROWS = before


if __name__ == "__main__":
    main()
