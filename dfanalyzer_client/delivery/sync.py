"""Store what earlier processes left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ..errors import DfAnalyzerError, JournalError
from ..journal import (
    Header,
    journals,
    journals_with_dead_letters,
    read_header,
    remove_expired,
    try_acquire,
)
from ..support.safe_home import check_home
from .dead_letters import retry
from .recovery import JournalStore, drain
from .stores import Stores

__all__ = ["sync"]

Steps = Callable[[Path, Header | None, JournalStore], Iterator[int]]


def sync(
    home: Path,
    store: StoreURL | None,
    report: Callable[[Path, int | DfAnalyzerError], None],
    *,
    again: bool = False,
    elsewhere: bool = False,
    refused: bool = False,
    left_out: Callable[[int], object] = bool,
) -> int:
    """Store what is left in journals whose process is gone.

    Journals of running processes are left to these.

    Args:
        home: the data folder that holds the journals.
        store: gives the password for that server.
        report: called for each journal with the number of messages stored, if any, or with the
            error; the other journals are stored all the same.
        again: whether to store completely stored journals again, for a database that was recreated
            or restored from a backup.
        elsewhere: whether to store journals of other machines, too, because their processes are
            known to be gone.
        refused: whether to retry all dead letters, and not only the retryable ones.
        left_out: called with the number of messages whose executions were erased, if there are any.

    Returns:
        The number of messages stored.
    """
    check_home(home, "journals")
    stores = Stores(home, store)
    remove_expired(home / "journals", settings.retention_days())
    folder = home / "journals"

    def drain_all(paths: Iterable[Path], steps: Steps) -> int:
        total = 0
        for path in paths:
            try:
                count = _drain_locked(path, stores, steps, elsewhere=elsewhere)
            except DfAnalyzerError as error:
                report(path, error)
            except OSError as error:
                report(path, JournalError(f"It cannot be read: {error}."))
            else:
                total += count
                if count:
                    report(path, count)
        return total

    total = drain_all(journals(folder, done=again), drain)
    # at the end: the other journals may have brought what a dead letter lacked
    with_dead_letters = [path for path, _ in journals_with_dead_letters(folder)]
    total += drain_all(with_dead_letters, partial(_retry, everything=refused, again=again))
    if stores.left_out:
        left_out(stores.left_out)
    stores.close()
    return total


def _drain_locked(path: Path, stores: Stores, steps: Steps, *, elsewhere: bool) -> int:
    descriptor = try_acquire(path, elsewhere=elsewhere)
    if descriptor is None:
        return 0
    try:
        header = read_header(path)
        with stores.reaching(header):
            return sum(steps(path, header, stores.of(header)))
    finally:
        descriptor.close()


def _retry(
    path: Path, header: Header | None, store: JournalStore, *, everything: bool, again: bool
) -> Iterator[int]:
    if header is not None:
        yield from retry(path, header, store, everything=everything, again=again)
