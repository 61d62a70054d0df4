"""Publish an execution as a crate: a Provenance Run Crate, which is an RO-Crate.

It needs the package rocrate: ``pip install 'keras-prov[crate]'``. What is inside, and where each
part is found, is in docs/how-to/publish-a-crate.md.
"""

from __future__ import annotations

from pathlib import Path

from ...config.author import Author, checked_licence
from ...errors import CrateError
from ...executions.environment import environment_of
from ...executions.reader import read_execution
from ...executions.summaries import ExecutionSummary
from ...store.connection import Connection
from ...support.distribution import install_command
from ..masked import published
from ._labels import Run
from ._lock import lock as lock_of
from ._parameters import parameters_of
from ._profiles import DEFAULT_PROFILE, PROFILES, run_profile
from ._tables import Table, tables_of
from ._target import crate_folder

__all__ = ["DEFAULT_PROFILE", "PROFILES", "CrateTable", "crate_tables", "write_crate"]

crate_tables, CrateTable = tables_of, Table


def write_crate(
    connection: Connection,
    summary: ExecutionSummary,
    target: Path,
    *,
    prov_json: str,
    author: Author | None = None,
    license: str | None = None,
    force: bool = False,
    profile: str = DEFAULT_PROFILE,
    lock: bool = False,
) -> Path:
    """Write the crate of an execution.

    The same execution gives the same crate, byte for byte, as long as its files stay in place.

    Args:
        connection: to the database that has the execution.
        summary: which execution.
        target: a folder, or a zip file if the name ends in ``.zip``.
        prov_json: the execution as PROV-JSON.
        author: of the crate; None if nobody is named.
        license: SPDX id or URL; None if no licence is named.
        force: whether to replace an existing crate.
        profile: version of the run profiles: ``0.5``, with RO-Crate 1.1, or ``0.6``, with 1.3.
        lock: whether pip is asked for hashes of the packages. It uses the index that is set for
            it, and installs nothing.

    Returns:
        The target.

    Raises:
        CrateError: rocrate is not installed, the execution is empty, the target exists, it cannot
            be written, there is no such profile, or pip finds no hashes.
        DfAnalyzerError: the licence is invalid.
    """
    try:
        from ._assembly import fill
        from ._crate import Crate
        from ._work import Work
    except ImportError as error:
        raise CrateError(
            f"A crate needs the package rocrate ({error}): {install_command('crate')}"
        ) from None
    versions = run_profile(profile)
    licence = checked_licence(license) if license else None
    record = published(read_execution(connection, summary.dataflow, summary.id))
    if not record.tasks:
        raise CrateError(f"Execution {summary.tag} has no tasks: there is nothing to publish.")
    run, environment, tables = Run(summary, record), environment_of(record), tables_of(record)
    locked = lock_of(environment) if lock else None
    with crate_folder(target, force) as folder:
        parameters = parameters_of(record, tables)
        crate = Crate(folder, versions)
        work = Work(crate, run, environment, tables, parameters, locked=locked)
        fill(work, prov_json, author, licence)
    return target
