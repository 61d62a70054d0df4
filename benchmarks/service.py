"""Messages per second that the service accepts and stores: `python -m benchmarks.service`.

50 clients send 200 messages each, in the form of the predecessor's clients, from another process. A
message is accepted when it is answered with 200, and stored when it is in MonetDB. The second rate
is measured from the first message to the row of the last one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

from .figures import Report

ROUNDS = 7
CLIENTS, MESSAGES = 50, 200
POLL_SECONDS = 0.01
ENDS = 'SELECT count(*) FROM "public".performance'
COUNTS = (
    ENDS,
    'SELECT count(DISTINCT task_id) FROM "public".performance',
    'SELECT count(*) FROM "service".itrainingmodel',
    'SELECT count(*) FROM "service".otrainingmodel',
)


def main() -> None:
    """Measure in several rounds, and check that nothing was lost or duplicated."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.service",
        description="Measure how many messages per second the service accepts and stores.",
    ).parse_args()
    report = Report()
    accepted, stored = [], []
    with tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as port:
        connection = Connection(PrivateServer(Path(folder)).ensure())
        for number in range(ROUNDS + 1):
            seconds = send(port, f"round{number}")
            until_stored = seconds + stored_after(connection, number + 1)
            if number:  # the first one warms up
                accepted.append(CLIENTS * MESSAGES / seconds)
                stored.append(CLIENTS * MESSAGES / until_stored)
        lost = check(connection)
        connection.close()
        PrivateServer(Path(folder)).stop()
    report.add("service", "messages accepted", "/s", accepted, 1, "2,000")
    report.add("service", "messages accepted and stored", "/s", stored, 1, "2,000")
    print(f"{lost} of {(ROUNDS + 1) * CLIENTS * MESSAGES:,} messages lost or duplicated.")
    report.write(Path("build") / "service.json")


@contextlib.contextmanager
def running_service(home: Path) -> Iterator[int]:
    """The service on a free port; yields the port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dfanalyzer_client.cli", "serve", "--port", "0"],
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None  # noqa: S101  # for the type checker
    printed = ""
    for line in process.stderr:
        printed += line
        found = re.search(r"Serving on http://127\.0\.0\.1:(\d+);", line)
        if found:
            break
    else:
        raise RuntimeError(f"The service did not start: {printed.strip()}")
    try:
        yield int(found[1])
    finally:
        process.terminate()
        process.communicate()


def send(port: int, name: str) -> float:
    """Seconds until all messages of a round were accepted."""
    command = [sys.executable, "-m", "benchmarks.http_clients"]
    counts = [str(number) for number in (port, CLIENTS, MESSAGES)]
    done = subprocess.run([*command, *counts, name], check=True, capture_output=True, text=True)
    return float(done.stdout)


def stored_after(connection: Connection, rounds: int) -> float:
    """Seconds from now until all messages of so many rounds are stored."""
    began = time.perf_counter()
    while True:
        with connection.transaction():
            ((count,),) = connection.query(ENDS)
        if count >= rounds * CLIENTS * MESSAGES // 2:
            return time.perf_counter() - began
        time.sleep(POLL_SECONDS)


def check(connection: Connection) -> int:
    """How many messages are not stored exactly once."""
    pairs = (ROUNDS + 1) * CLIENTS * MESSAGES // 2
    with connection.transaction():
        counts = [int(connection.query(statement)[0][0]) for statement in COUNTS]
    return max(abs(pairs - count) for count in counts)


if __name__ == "__main__":
    main()
