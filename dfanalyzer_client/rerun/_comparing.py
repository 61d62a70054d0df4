"""Compare the execution that was run again, in its own store, with the recorded one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..delivery.leftovers import drain_leftovers
from ..errors import RerunError
from ..executions.reader import read_execution
from ..executions.record import ExecutionRecord
from ..executions.summaries import executions
from ..export.crate import crate_tables
from ..export.masked import published
from ..file import READ
from ..private_server import PrivateServer
from ..store import reader_connection
from ._findings import Part, Verdict
from ._recipe import Model, Recipe, inside
from ._tables import COMPARED, Rows, compared_tables, rows_of
from ._weights import compare_models

__all__ = ["compare_with_crate", "stop_store"]

STORING_SECONDS = 60.0
FOLDERS = ("metrics", "inputs")


def compare_with_crate(
    recipe: Recipe, crate: Path, home: Path, tolerance: float, notes: tuple[str, ...]
) -> Verdict:
    """Compare what the store in `home` has recorded with what is in the crate.

    Of several executions of the dataflow, the one that is most like the recorded one counts.

    Raises:
        RerunError: nothing was recorded.
    """
    found = list(_executions(recipe, home))
    if not found:
        raise RerunError(
            f"The program ended, but nothing of the dataflow {recipe.dataflow!r} was captured in "
            "the store of this re-execution. A script that names a store, or that is captured by "
            "settings, is not captured here."
        )
    recorded = _recorded(crate)
    compared = [list(_parts(recipe, crate, recorded, each, tolerance)) for each in found]
    best = min(compared, key=lambda parts: sum(len(part.differences) for part in parts))
    if len(found) > 1:
        notes = (*notes, f"It made {len(found)} executions; the one most like it is compared.")
    return Verdict(recipe.execution, tuple(best), notes)


def stop_store(home: Path) -> None:
    """Stop the private server of a re-execution, if there is one."""
    PrivateServer(home).stop()


def _executions(recipe: Recipe, home: Path) -> Iterator[ExecutionRecord]:
    drain_leftovers(None, home, STORING_SECONDS)
    if not (home / "journals").exists():
        return
    connection = reader_connection(None, home)
    try:
        for summary in executions(connection, recipe.dataflow):
            record = read_execution(connection, summary.dataflow, summary.id)
            if record.tasks:
                yield published(record)
    finally:
        connection.close()


def _recorded(crate: Path) -> Mapping[str, Rows]:
    """The rows of the crate, by the set's tag."""
    found = {}
    for tag in COMPARED:
        for folder in FOLDERS:
            path = inside(crate, f"{folder}/{tag.lower()}.csv")
            if path.is_file():
                found[tag.lower()] = rows_of(path.read_bytes().decode())
    return found


def _parts(
    recipe: Recipe,
    crate: Path,
    recorded: Mapping[str, Rows],
    record: ExecutionRecord,
    tolerance: float,
) -> Iterator[Part]:
    rows = {each.content.tag: rows_of(each.text) for each in crate_tables(record)}
    yield from compared_tables(recorded, rows, tolerance)
    written = _written(record)
    for model in recipe.models:
        yield _compared_model(model, crate, written, tolerance)


def _written(record: ExecutionRecord) -> Mapping[tuple[str, str], Path]:
    """The files that the execution wrote, by the key of the task and their names."""
    return {
        (f"{file.task.transformation}-{file.task.name}", file.name): Path(file.path)
        for file in record.files
        if file.mode != READ
    }


def _compared_model(
    model: Model, crate: Path, written: Mapping[tuple[str, str], Path], tolerance: float
) -> Part:
    found = written.get((model.task, model.name))
    part = Part(model.label, is_known=False)
    if found is None or not found.exists():
        part.note = "it was not written again" if found is None else "it was written and is gone"
    elif model.path is None:
        part.note = "the crate has only the SHA-256 of the file, in which Keras writes the time"
    elif not inside(crate, model.path).exists():
        part.note = f"{model.path} is missing in the crate"
    else:
        return compare_models(model.label, inside(crate, model.path), found, tolerance)
    return part
