"""Where the private server keeps what: paths, secrets and locks, all for its user alone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..descriptors import Descriptor, open_above
from ..errors import PrivateServerError
from ..forks import undivided
from ..url import StoreURL

__all__ = ["DATABASE", "READER", "WRITER", "ServerFiles", "hold", "holding", "is_held"]

DATABASE = "provenance"
WRITER = "monetdb"
"""MonetDB's administrator, who owns the catalogue."""
READER = "keras_prov_reader"
"""May SELECT, and nothing else."""


@dataclass(frozen=True)
class ServerFiles:
    """The files of the private server of one data folder."""

    home: Path

    @property
    def folder(self) -> Path:
        """Holds all the others; the server's working directory."""
        return self.home / "server"

    @property
    def database(self) -> Path:
        """MonetDB's own files; its last part is the database's name."""
        return self.folder / DATABASE

    @property
    def log(self) -> Path:
        """What the server and its kernel say."""
        return self.folder / "server.log"

    @property
    def lock(self) -> Path:
        """Held by the server while it lives: who can lock it knows that there is none."""
        return self.folder / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops it, so that two at once come to one server."""
        return self.folder / "start.lock"

    @property
    def vault_key(self) -> Path:
        """Key with which the kernel keeps passwords."""
        return self.folder / "vaultkey"

    @property
    def reader_login(self) -> Path:
        """Mclient's login file for the reader (DOTMONETDBFILE)."""
        return self.folder / "reader.monetdb"

    def create(self) -> None:
        """Make the folder, 0700; raises PrivateServerError where that cannot be."""
        try:
            for folder in (self.home, self.folder):  # the mode is that of the last one only
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            hold(self.start_lock).close()
        except OSError as error:
            raise PrivateServerError(
                f"The private MonetDB cannot keep its files in {self.folder}: {error.strerror}. "
                "Make it a folder that you may write to, or set KERAS_PROV_HOME to another, or "
                "KERAS_PROV_STORE to the URL of a server."
            ) from None

    def password(self, user: str) -> str:
        """The password of a user, made at the first time."""
        return _secret(self.folder / f"{user}.password")

    def write_reader_login(self) -> None:
        """Write mclient's login file, so that no password stands in a process list."""
        _write(self.reader_login, f"user={READER}\npassword={self.password(READER)}\n")

    def preferred_port(self) -> int:
        """The port of earlier starts, 0 before the first."""
        return int(_read_json(self.folder / "port.json") or 0)

    def prefer_port(self, port: int) -> None:
        """Keep to this port from now on, where it is free."""
        if not self.preferred_port():
            _write(self.folder / "port.json", json.dumps(port))

    def state(self) -> dict[str, Any] | None:
        """What the running server says of itself; None while there is none."""
        state = _read_json(self.folder / "server.json")
        return state if isinstance(state, dict) and is_held(self.lock) else None

    def write_state(self, state: dict[str, Any]) -> None:
        """Say that the server is ready."""
        _write(self.folder / "server.json", json.dumps(state))

    def remove_state(self) -> None:
        """Say that the server takes nobody any more."""
        (self.folder / "server.json").unlink(missing_ok=True)

    def url(self, user: str, port: int) -> StoreURL:
        """How to reach the server as `user`."""
        return StoreURL("127.0.0.1", port, DATABASE, user, self.password(user))


@contextlib.contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold the lock on a file in the block; a forked child does not."""
    descriptor = hold(path)
    try:
        yield
    finally:
        descriptor.close()


def hold(path: Path, *, wait: bool = True) -> Descriptor:
    """Lock a file until it is closed; raises BlockingIOError when another holds it."""
    import fcntl  # here: this module is imported where there is no private server, too

    descriptor = Descriptor(lambda: open_above(path, os.O_RDWR | os.O_CREAT))
    try:
        fcntl.flock(descriptor.number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        descriptor.close()
        raise
    return descriptor


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock on a file."""
    try:
        with undivided():  # else a child would hold it on
            hold(path, wait=False).close()
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    return False


def _secret(path: Path) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def _write(path: Path, text: str) -> None:
    """Write a file that only its user may read, at once or not at all."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(new, "w", opener=open_above) as file:
        file.write(text)
    new.replace(path)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
