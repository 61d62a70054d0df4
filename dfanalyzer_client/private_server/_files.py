"""The private server's files: paths, secrets and state, accessible to its user only."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.store_url import StoreURL
from ..errors import PrivateServerError
from ..support.descriptors import open_nofollow
from ..support.safe_home import check_home, create_home
from ._locks import acquire, is_locked
from ._machine import MachineNote

__all__ = ["DATABASE", "POLL_SECONDS", "READER", "START_SECONDS", "WRITER", "ServerFiles"]

SERVER = "server"
DATABASE = "provenance"
WRITER = "monetdb"
"""MonetDB's administrator, who owns the catalogue."""
READER = "keras_prov_reader"
"""A user who may only SELECT."""

START_SECONDS = 120.0
"""How long a start may take: a database that was not cleaned up for long opens slowly."""

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ServerFiles:
    """The files of the private server of one data folder."""

    home: Path

    @property
    def folder(self) -> Path:
        """The folder of all these files; the server's working directory."""
        return self.home / SERVER

    @property
    def database(self) -> Path:
        """The folder of MonetDB's own files; its name is the database's."""
        return self.folder / DATABASE

    @property
    def log(self) -> Path:
        """The log of the server and its kernel."""
        return self.folder / "server.log"

    @property
    def lock(self) -> Path:
        """Held by the server while it is running: whoever can lock it knows that there is none."""
        return self.folder / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held while a process starts or stops the server, so that two starts make one server."""
        return self.folder / "start.lock"

    @property
    def vault_key(self) -> Path:
        """The key with which the kernel encrypts passwords."""
        return self.folder / "vaultkey"

    @property
    def reader_login(self) -> Path:
        """Mclient's login file for the reader (DOTMONETDBFILE)."""
        return self.folder / "reader.monetdb"

    @property
    def machine(self) -> MachineNote:
        """On which machine the server runs."""
        return MachineNote(self.folder / "server.host")

    def create(self) -> None:
        """Create the folder, mode 0700, and check its content as `check` does.

        Raises:
            PrivateServerError: it cannot be created.
            UnsafeHomeError: somebody else controls it.
        """
        try:
            create_home(self.home)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            check_home(self.home, SERVER, deep=True)
            acquire(self.start_lock).close()
        except OSError as error:
            raise PrivateServerError(
                f"The private MonetDB cannot keep its files in {self.folder}: {error.strerror}. "
                "Make it a folder that you may write to, set KERAS_PROV_HOME to another folder, or "
                "set KERAS_PROV_STORE to the URL of a server."
            ) from None

    def check(self) -> None:
        """Raise UnsafeHomeError if somebody else controls the folder or a file in it."""
        check_home(self.home, SERVER)

    def password(self, user: str) -> str:
        """The password of a user, generated on first use."""
        return _secret(self.folder / f"{user}.password")

    def create_vault_key(self) -> None:
        """Generate the key with which the kernel encrypts passwords, on first use."""
        if not self.vault_key.exists():
            _write(self.vault_key, secrets.token_hex(24))

    @property
    def is_incomplete(self) -> bool:
        """Whether the database is being created, or its creator was killed."""
        return self._creation_marker.exists()

    def begin_creation(self) -> None:
        """Mark the database as being created, if it does not exist; the caller holds `lock`.

        An incomplete database of a killed start is removed: no client has used it yet.
        """
        self.remove_incomplete()
        if not self.database.exists():
            _write(self._creation_marker, "")
            _fsync(self.folder)

    def end_creation(self) -> None:
        """Mark the database as complete, durably: otherwise the next start would remove it."""
        if self.is_incomplete:
            self._creation_marker.unlink()
            _fsync(self.folder)

    def remove_incomplete(self) -> None:
        """Remove a database that never became complete; the caller holds `lock`."""
        if self.is_incomplete:
            if self.database.exists():
                shutil.rmtree(self.database)
            self._creation_marker.unlink()

    @property
    def _creation_marker(self) -> Path:
        return self.folder / f"{DATABASE}.making"

    def write_reader_login(self) -> None:
        """Write mclient's login file, so that no process list shows the password."""
        _write(self.reader_login, f"user={READER}\npassword={self.password(READER)}\n")

    def preferred_port(self) -> int:
        """The port of earlier starts; 0 before the first."""
        return int(_read_json(self.folder / "port.json") or 0)

    def prefer_port(self, port: int) -> None:
        """Prefer this port from now on, unless one is preferred already."""
        if not self.preferred_port():
            _write(self.folder / "port.json", json.dumps(port))

    def state(self) -> dict[str, Any] | None:
        """The state that the server reported which runs on this machine; None if there is none."""
        state = _read_json(self.folder / "server.json")
        if not isinstance(state, dict) or self.machine.other_machine() is not None:
            return None
        return state if is_locked(self.lock) else None

    def settled_state(self) -> dict[str, Any] | None:
        """Like `state`, after waiting for a server that is starting or stopping."""
        deadline = time.monotonic() + START_SECONDS
        while is_locked(self.lock) and time.monotonic() < deadline:
            state = self.state()
            if state is not None:
                return state
            time.sleep(POLL_SECONDS)
        return None

    def write_state(self, state: dict[str, Any]) -> None:
        """Report that the server is ready."""
        _write(self.folder / "server.json", json.dumps(state))

    def remove_state(self) -> None:
        """Report that the server accepts no more connections."""
        (self.folder / "server.json").unlink(missing_ok=True)

    def url(self, user: str, port: int) -> StoreURL:
        """The URL of the server for `user`."""
        return StoreURL("127.0.0.1", port, DATABASE, user, self.password(user))


def _secret(path: Path) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def _write(path: Path, text: str) -> None:
    """Write a file that only its user may read, atomically."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(new, "w", opener=open_nofollow) as file:
        file.write(text)
    new.replace(path)


def _fsync(folder: Path) -> None:
    """Make a folder's entries safe from a power cut (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
