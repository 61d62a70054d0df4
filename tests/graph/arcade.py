"""A graph database with Bolt for tests: ArcadeDB, from the wheel that brings its own Java.

Neo4j's server is no Python package. ArcadeDB speaks its protocol, Bolt, so the official driver is
used as it is, with logins, transactions and errors of a real server; and it runs openCypher, with
constraints.
"""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["USER", "GraphServer", "graph_server"]

USER = "root"
DATABASE = "prov"
READY = "ArcadeDB Server started"


@dataclass
class GraphServer:
    """A running server, and how to reach it."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """As a user names it."""
        return f"bolt://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    def ask(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, asked by the official driver."""
        import neo4j

        address, login = f"bolt://127.0.0.1:{self.port}", (USER, self.password)
        with neo4j.GraphDatabase.driver(address, auth=login) as driver:
            found = driver.execute_query(query, values, database_=DATABASE)
        return [tuple(record.values()) for record in found.records]


@contextlib.contextmanager
def graph_server(folder: Path) -> Iterator[GraphServer]:
    """A server with an empty database in `folder`; the test is skipped if there is none."""
    pytest.importorskip("neo4j", reason="the driver is not installed: pip install neo4j")
    found = importlib.util.find_spec("arcadedb_embedded")
    if found is None or found.origin is None:
        pytest.skip("no graph database is installed: pip install arcadedb-embedded")
    wheel = Path(found.origin).parent
    server = GraphServer(free_port(), secrets.token_hex(16))
    settings = {
        "server.rootPath": folder,
        "server.databaseDirectory": folder / "databases",
        "server.rootPassword": server.password,
        "server.defaultDatabases": f"{DATABASE}[{USER}]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": free_port(),
        "bolt.host": "127.0.0.1",
        "bolt.port": server.port,
    }
    process = subprocess.Popen(
        [
            wheel / "jre" / "bin" / "java",
            "-Xmx512m",
            "-cp",
            f"{wheel / 'jars'}/*",
            *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
            "com.arcadedb.server.ArcadeDBServer",
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = until_ready(process.stdout)
    drain = threading.Thread(target=process.stdout.read)  # a full pipe would stop the server
    drain.start()
    try:
        assert READY in said, said
        yield server
    finally:
        process.terminate()
        drain.join()
        process.wait(60)


def until_ready(stdout: Iterable[str]) -> str:
    """What a server says until it listens, or until it ends."""
    said = ""
    for line in stdout:
        said += line
        if READY in line:
            break
    return said


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
