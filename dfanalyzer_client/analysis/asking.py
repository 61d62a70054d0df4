"""The questions, as users ask them; what answers them is only loaded then."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..config.store_url import StoreURL
    from ..lineage import FileOrigin
    from ..store import Connection
    from .comparison import Comparison
    from .curve_table import Curves
    from .difference import Difference
    from .epoch import Epoch
    from .named import Named
    from .one_run import Run
    from .run_list import Runs
    from .table import Table

__all__ = ["compare", "curves", "diff", "follow", "origin", "run", "runs", "sql"]

FLUSH_SECONDS = 30.0
"""How long storing what this process has recorded may take."""


def runs(
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Runs:
    """The runs that fulfil a condition, newest first.

    Names in conditions are ``id``, ``execution``, ``dataflow``, ``status``, ``began``, ``ended``,
    ``seconds``, ``epochs``, ``stop_reason`` and ``note``; ``hyperparameters.learning_rate``;
    ``metrics.val_loss`` (the last value of the last training that measured it),
    ``lowest.val_loss`` and ``highest.val_loss``; ``tags.owner``; and ``job.array_task`` and other
    facts of a cluster's job. The name of a hyperparameter or a metric is enough where only one of
    them has it. Texts and times are in single quotes, odd names in double quotes.
    ``isnan(val_loss)`` and ``isinf(val_loss)`` find what is no number.

    Args:
        where: for example ``learning_rate < 0.01 AND lowest.val_loss < 0.2``; empty: all runs.
        order_by: for example ``"val_loss"`` or ``["status", "val_loss DESC"]``; runs without a
            value come last.
        limit: the maximum number of runs, at least 1.
        dataflow: only the runs of the dataflow with this tag.
        status: only runs with this status, in any case: ``RUNNING``, ``FINISHED``, ….
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        SelectionError: `where` or `order_by` is malformed, there is no such status, or `limit` is
            below 1.
        TypeError: an argument is of another type.
        UnknownTagError: a name, or the dataflow, does not exist.
        StoreError: the database cannot be queried.
    """
    from .finding import runs_with

    with _reading(store, home) as connection:
        return runs_with(
            connection, where, order_by=order_by, limit=limit, dataflow=dataflow, status=status
        )


def run(
    name: str | int = "last", *, store: str | StoreURL | None = None, home: Path | None = None
) -> Run:
    """One run, with all that is known of it.

    Args:
        name: its id, its tag, the beginning of its tag, or ``last``, the newest.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: no run matches, or several do.
        StoreError: the database cannot be queried.
    """
    from .finding import run_of, summary_with

    with _reading(store, home) as connection:
        found = summary_with(connection, name)
    return run_of(found, partial(_reading, store, home, complete=False))


def curves(
    runs: Runs | Named | Sequence[Named],
    metrics: str | Sequence[str] | None = None,
    *,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Curves:
    """Metrics by epoch, of several runs.

    Args:
        runs: the runs: what `runs` gave, a `Run`, an id, a tag, or a list of these.
        metrics: the name of a metric, or a list of these; None: all that the runs have.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        TypeError: an argument is of another type.
        UnknownTagError: a run does not exist, or none of the runs has such a metric.
        StoreError: the database cannot be queried.
    """
    from .by_epoch import curves_with

    with _reading(store, home) as connection:
        return curves_with(connection, runs, metrics)


def compare(
    *runs: Runs | Named | Sequence[Named],
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Comparison:
    """Runs side by side, with what differs first.

    Args:
        runs: the runs: what `runs` gave, `Run` objects, ids, tags, or lists of these.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: a run does not exist.
        StoreError: the database cannot be queried.
    """
    from .comparing import compare_with

    with _reading(store, home) as connection:
        return compare_with(connection, runs)


def diff(
    a: Named,
    b: Named,
    *,
    same: bool = False,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Difference:
    """What differs between two runs: hyperparameters, layers, data, packages, commit, metrics.

    Args:
        a: a run: its id, its tag, the beginning of its tag, ``last``, or the `Run`.
        b: another one.
        same: whether to have what does not differ, too.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: a run does not exist.
        StoreError: the database cannot be queried.
    """
    from .comparing import diff_with

    with _reading(store, home) as connection:
        return diff_with(connection, a, b, same=same)


def sql(
    statement: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
    *,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Table:
    """The rows of a statement in SQL.

    Args:
        statement: for example ``SELECT * FROM "sums".otrainingmodel WHERE loss < %s``.
        parameters: a list with a value for each ``%s``, or a dictionary with one for each
            ``%(name)s``. Without parameters, a ``%`` is a ``%``; with them it is written ``%%``.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        SelectionError: there is no statement, or several, or the parameters do not fit it.
        StoreError: the database refuses the statement, or cannot be queried.
    """
    from .statements import sql_with

    with _reading(store, home) as connection:
        return sql_with(connection, statement, parameters)


def follow(
    run: Named = "last",
    *,
    interval: float = 1.0,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Iterator[Epoch]:
    """The epochs of a run: those that are stored, and each new one until the training ends.

    It does not wait for a further ``fit()`` that has not begun when the one before ends: call it
    again. A run whose process was killed on this machine ends, too, after some seconds.

    Args:
        run: its id, its tag, the beginning of its tag, ``last``, or the `Run`.
        interval: seconds between two looks at the database.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: the run does not exist.
        DefinitionError: `interval` is not above 0.
        StoreError: the database cannot be queried.
    """
    from ..config import settings
    from ..delivery.leftovers import drain_leftovers
    from .following import follow_with

    url, folder = settings.store_url(store), home or settings.home()
    with _reading(store, home) as connection:
        yield from follow_with(
            connection,
            run,
            interval=interval,
            store_leftovers=lambda: drain_leftovers(url, folder),
        )


def origin(
    path: str | os.PathLike[str],
    *,
    depth: int = 2,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> FileOrigin:
    """Where a file came from: as `dfanalyzer_client.origin`, whose arguments these are.

    Raises:
        FileError: there is no such file, or it cannot be read.
        StoreError: the store cannot be reached, or refuses the login.
    """
    from .. import lineage

    return lineage.origin(path, depth=depth, store=store, home=home)


@contextlib.contextmanager
def _reading(
    store: str | StoreURL | None, home: Path | None, *, complete: bool = True
) -> Iterator[Connection]:
    """A connection for queries, closed at the end.

    With `complete`, what this process and ended ones of this machine recorded is stored first. A
    refusal for lack of rights says what would help.
    """
    from ..config import settings
    from ..delivery.clients import flush
    from ..delivery.leftovers import drain_leftovers
    from ..errors import RefusedError
    from ..store import reader_connection
    from ..store.driver_errors import explained_refusal

    url, folder = settings.store_url(store), home or settings.home()
    if complete:
        flush(FLUSH_SECONDS)
        drain_leftovers(url, folder)
    with reader_connection(url, folder) as connection:
        try:
            yield connection
        except RefusedError as error:
            raise explained_refusal(error) from None
