"""Redirect the journals of a server that has moved to its new address."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ..config.store_url import StoreURL
from ..errors import DfAnalyzerError, JournalError
from ..journal import journals, read_header, readdress, try_acquire
from ..store import open_receiver
from ..support.safe_home import check_home

__all__ = ["Moved", "move_journals", "moved_hint"]


@dataclass(frozen=True)
class Moved:
    """The outcome of redirecting journals.

    Attributes:
        count: how many go to the new address now.
        running: how many do not, because their processes are still running.
    """

    count: int
    running: int


def move_journals(
    home: Path, old: StoreURL, new: StoreURL, *, done: bool = False, elsewhere: bool = False
) -> Moved:
    """Redirect the journals for the server `old` to `new`; this does not store them yet.

    Messages are still stored exactly once. A journal keeps its id, so a database that was moved
    knows how far it is stored, and an empty one gets all of it.

    Args:
        home: the data folder.
        old: the URL as journals name it; a password is not needed.
        new: where that server is now; if it does not answer, nothing is changed.
        done: whether to redirect completely stored journals, too, for an empty database.
        elsewhere: whether to redirect journals of other machines, too, because their processes are
            known to be gone.

    Raises:
        DfAnalyzerError: both are the same server, or no journal names `old`.
        StoreError: `new` does not answer, or refuses the login.
    """
    check_home(home, "journals")
    if old.is_same_store(new):
        raise DfAnalyzerError(f"{old} and {new} are the same server: `keras-prov sync` will do.")
    found = [path for path in journals(home / "journals", done=done) if _is_of(path, old)]
    if not found:
        _check_known(home, old)
    with contextlib.closing(open_receiver(new, home)) as store:
        store.position("")  # check the new address: a wrong one would leave them nowhere to go
    moved = [_move(path, old, new, elsewhere=elsewhere) for path in found]
    return Moved(moved.count(True), moved.count(False))


def moved_hint(address: str) -> str:
    """What to do if the server at `address`, which a journal names, has moved."""
    return (
        "If that server is at another address or has another login now: "
        f"keras-prov sync --moved-from '{address}' --store URL"
    )


def _move(path: Path, old: StoreURL, new: StoreURL, *, elsewhere: bool) -> bool | None:
    """Redirect a journal; False if its process is running, None if another process was faster."""
    descriptor = try_acquire(path, elsewhere=elsewhere)
    if descriptor is None:
        return False if path.exists() else None
    with descriptor:
        if not _is_of(path, old):
            return None
        readdress(path, new).close()
    return True


def _is_of(path: Path, store: StoreURL) -> bool:
    with contextlib.suppress(JournalError, FileNotFoundError):
        header = read_header(path)
        return header is not None and header.store is not None and store.is_named(header.store)
    return False


def _check_known(home: Path, old: StoreURL) -> None:
    """Raise DfAnalyzerError if no journal names a server, or named it before it moved."""
    named: set[str | None] = set()
    for path in journals(home / "journals", done=True):
        with contextlib.suppress(JournalError, FileNotFoundError):
            header = read_header(path)
            named |= {header.store, *header.former_stores} if header is not None else set()
    known = sorted(address for address in named if address is not None)
    if not any(old.is_named(address) for address in known):
        are = ", ".join(known) or "none, for all are the private server's"
        raise DfAnalyzerError(f"No journal is for {old}. Servers that journals name: {are}.")
