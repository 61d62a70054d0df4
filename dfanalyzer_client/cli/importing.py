"""`keras-prov import`: runs that other tools have recorded, as executions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..config import settings
from .common import chosen_store, friendly_errors, reading_from, say, store_option
from .strict_command import StrictGroup

if TYPE_CHECKING:
    from ..importing import Source

__all__ = ["import_"]

Command = TypeVar("Command", bound=Callable[..., Any])


def _dataflow_option(default: str) -> Callable[[Command], Command]:
    return click.option(
        "--dataflow", metavar="TAG", help=f"The dataflow of the executions. Default: {default}."
    )


@click.group("import", cls=StrictGroup)
def import_() -> None:
    """Import runs of MLflow, TensorBoard or CSVLogger; again, only what is new of them.

    Each run becomes an execution, whose tag begins with mlflow-, tensorboard- or csv-. A run that
    is in the database already gets what was added to it since; nothing is stored twice. What cannot
    be read is left out and named, and the exit code is 1.
    """


@import_.command()
@click.argument("location", metavar="PATH_OR_URI")
@_dataflow_option("the name of each run's experiment")
@click.option("--deleted", is_flag=True, help="Also import runs that were deleted in MLflow.")
@store_option
def mlflow(location: str, dataflow: str | None, *, deleted: bool, store: str | None) -> None:
    """Import the runs of an MLflow tracking store: an SQLite database, or a folder (mlruns).

    Example: keras-prov import mlflow sqlite:///mlflow.db
    """
    with friendly_errors():
        from ..importing import mlflow_source

        source = mlflow_source(location, dataflow, deleted=deleted)
        _import(source, store, dataflow)
        if source.skipped:
            runs = f"{source.skipped} deleted run{'s' * (source.skipped != 1)}"
            click.echo(f"{runs} skipped: --deleted imports them, too.", err=True)


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_dataflow_option("the name of FOLDER")
@store_option
def tensorboard(folder: Path, dataflow: str | None, store: str | None) -> None:
    """Import the runs in FOLDER and below it: those of Keras' callback, and any with scalars.

    Example: keras-prov import tensorboard logs --dataflow digits
    """
    with friendly_errors():
        from ..importing import tensorboard_source

        _import(tensorboard_source(folder, dataflow), store, dataflow)


@import_.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@_dataflow_option("the name of each file's folder")
@store_option
def csv(files: tuple[Path, ...], dataflow: str | None, store: str | None) -> None:
    """Import trainings that Keras' CSVLogger has recorded, each FILE as an execution.

    Example: keras-prov import csv training.log --dataflow digits
    """
    with friendly_errors():
        from ..importing import csv_source

        _import(csv_source(files, dataflow), store, dataflow)


def _import(source: Source, store: str | None, dataflow: str | None) -> None:
    """Import a source and say what was done; exit code 1 if a run, or a value, was left out."""
    from ..declarations.names import checked_dataflow_tag
    from ..delivery.client import Client
    from ..importing import import_runs

    if dataflow is not None:
        checked_dataflow_tag(dataflow)
    url, home = chosen_store(store), settings.home()
    client = Client(url, home, relays=True)
    try:
        with reading_from(url, home) as connection:
            outcome = import_runs(source, connection, client, _report, dataflow=dataflow)
    finally:
        client.close()
    say(f"{outcome}.")
    if outcome.erased:
        left_out = f"{_runs(outcome.erased)} left out: erased from this database before."
        click.echo(left_out, err=True)
    problems = []
    if outcome.failed:
        problems.append(f"{_runs(outcome.failed)} could not be read.")
    if outcome.damaged:
        problems.append(f"{_runs(outcome.damaged)} imported without values that could not be read.")
    if outcome.refused:
        problems.append(
            f"{_runs(outcome.refused)} not stored, or not all of it: `keras-prov journal` has "
            "what the database refused."
        )
    if problems:
        raise click.ClickException(" ".join(problems))


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _report(error: Exception) -> None:
    say(error, err=True)
