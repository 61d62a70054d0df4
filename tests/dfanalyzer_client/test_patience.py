"""A connection that went silent is given up; a statement that takes its time is not."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import StoreUnavailableError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, driver, patience

SLEEP = (
    "CREATE OR REPLACE FUNCTION sys.asleep(milliseconds INT) RETURNS INT EXTERNAL NAME alarm.sleep"
)


@dataclass
class Firewall:
    """Passes on what two ends say, until it forgets connections or takes no new ones."""

    target: int
    forgets: bool = False
    deaf: bool = False
    _sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                self._sockets.append(near)
                if self.deaf:
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
                self._sockets.append(far)
                old = self.forgets
                for source, target in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._pass_on, args=(source, target, old), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_new: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if is_new or not self.forgets:
                    target.sendall(data)
            if is_new or not self.forgets:
                target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # else threads that wait on it keep it open
            each.close()


@pytest.fixture
def firewall(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firewall]:
    """Between this process and the worker's server; patience is half a second here."""
    monkeypatch.setattr(patience, "SILENT_SECONDS", 0.5)
    monkeypatch.setitem(driver.CONNECT_OPTIONS, "connect_timeout", 1)
    result = Firewall(PrivateServer(home).ensure().port)
    yield result
    result.close()


def through(home: Path, firewall: Firewall) -> StoreURL:
    return replace(PrivateServer(home).reader_url(), port=firewall.port)


@pytest.mark.parametrize("deaf", [False, True])
def test_a_connection_that_went_silent_is_given_up(
    home: Path, firewall: Firewall, deaf: bool
) -> None:
    """Whether the server still answers others or nobody, and what follows does not wait, either."""
    asked = Connection(through(home, firewall))
    assert asked.query("SELECT 1") == [(1,)]
    firewall.forgets, firewall.deaf = True, deaf
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="nothing arrived"), asked.transaction():
        asked.query("SELECT 2")
    asked.close()
    assert time.monotonic() - began < 5


@pytest.mark.thorough
def test_a_statement_that_takes_long_is_waited_for(
    home: Path, firewall: Firewall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several times as long as silence is borne, while the server says that it works on it."""
    monkeypatch.setitem(driver.CONNECT_OPTIONS, "connect_timeout", 10)  # it answers, however late
    asked = Connection(replace(PrivateServer(home).ensure(), port=firewall.port))
    asked.execute(SLEEP)
    began = time.monotonic()
    assert asked.query("SELECT sys.asleep(2500)") == [(2500,)]
    assert time.monotonic() - began > patience.SILENT_SECONDS
    asked.close()


def test_a_silent_upload_is_given_up(home: Path, firewall: Firewall) -> None:
    """Though the server works on it as long as it waits for the rows."""
    writer = Connection(replace(PrivateServer(home).ensure(), port=firewall.port))
    writer.execute("CREATE TABLE sys.uploaded (a BIGINT)")
    firewall.forgets = True
    with pytest.raises(StoreUnavailableError, match="nothing arrived"), writer.transaction():
        writer.copy_in("COPY INTO sys.uploaded FROM 'rows' ON CLIENT", "1\n" * 5000)
    writer.close()
