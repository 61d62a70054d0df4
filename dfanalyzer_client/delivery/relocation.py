"""Journals of a server that is at another address now: they are told so, once."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ..config.store_url import StoreURL
from ..errors import DfAnalyzerError, JournalError
from ..journal import journals, read_header, readdress, try_acquire
from ..store import open_store
from ..support.safe_home import check_home

__all__ = ["Moved", "move_journals", "moved_hint"]


@dataclass(frozen=True)
class Moved:
    """What became of the journals of a server.

    Attributes:
        count: how many go to the new address now.
        running: how many do not, because their processes run.
    """

    count: int
    running: int


def move_journals(
    home: Path, old: StoreURL, new: StoreURL, *, done: bool = False, elsewhere: bool = False
) -> Moved:
    """Let what waits for the server that was `old` go to `new`; nothing is stored by this yet.

    That each message is stored once is not touched: a journal keeps its id, by which a database
    that moved along knows how far it is stored; one that is new there is told all of it.

    Args:
        home: the data folder.
        old: as journals name it; a password is not needed.
        new: where that server is now; it must answer, or nothing is changed.
        done: journals that were all stored, too, for a database that is not the same one.
        elsewhere: also journals of other machines, whose processes are known to be gone.

    Raises:
        DfAnalyzerError: both are the same, or no journal names `old`.
        StoreError: `new` does not answer, or does not take us.
    """
    check_home(home, "journals")
    if old.is_same_store(new):
        raise DfAnalyzerError(f"{old} and {new} are the same server: `keras-prov sync` will do.")
    found = [path for path in journals(home / "journals", done=done) if _is_of(path, old)]
    if not found:
        _check_known(home, old)
    with contextlib.closing(open_store(new, home)) as store:
        store.position("")  # a new address that is wrong would bind them to nowhere
    moved = [_move(path, old, new, elsewhere=elsewhere) for path in found]
    return Moved(moved.count(True), moved.count(False))


def moved_hint(address: str) -> str:
    """What to do where the server at `address`, which a journal names, is somewhere else now."""
    return (
        "If that server is at another address or has another login now: "
        f"keras-prov sync --moved-from '{address}' --store URL"
    )


def _move(path: Path, old: StoreURL, new: StoreURL, *, elsewhere: bool) -> bool | None:
    """Whether a journal was moved; None where another one was first."""
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
    """Raise DfAnalyzerError for a server that no journal names, nor named before it moved."""
    named: set[str | None] = set()
    for path in journals(home / "journals", done=True):
        with contextlib.suppress(JournalError, FileNotFoundError):
            header = read_header(path)
            named |= {header.store, *header.former_stores} if header is not None else set()
    known = sorted(each for each in named if each is not None)
    if not any(old.is_named(each) for each in known):
        are = ", ".join(known) or "none, for all are the private server's"
        raise DfAnalyzerError(f"No journal is for {old}. Servers that journals name: {are}.")
