"""The paper's grid of trainings: `python -m benchmarks.grid --help`.

If it is killed and started again, it runs the remaining trainings: it asks the provenance database
which ones have succeeded. Trainings run in parallel through joblib, on this machine or on a running
cluster of Dask or Ray. A cluster has to share the data's folder, and its workers need
KERAS_PROV_STORE.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dfanalyzer_client.config import settings
from dfanalyzer_client.delivery.sync import sync
from dfanalyzer_client.errors import DfAnalyzerError
from dfanalyzer_client.store import open_store, reader_connection

from .configurations import EPOCHS, Configuration, done, grid, left_of
from .dense_ed_training import Outcome, train
from .seismic_data import FOLDER, Parameters, samples

__all__ = ["main", "run"]

DEFAULT_EPOCHS, DEFAULT_SAMPLES = (2, 5, 10), 96
PAPER_SAMPLES, PAPER_REPEATS = 400, 5
QUICK_EPOCHS, QUICK_SAMPLES = (1, 2), 16
DEATHS, KILLED = 2, "its worker was killed"
BACKENDS = ("loky", "dask", "ray")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is left of the grid; the exit code is 1 if a training failed."""
    options = _parser().parse_args(arguments)
    wanted = _wanted(options)
    console = Console(stderr=True)
    samples(Parameters(wanted[0].samples), options.folder)
    left = left_of(wanted, _finished())
    console.print(f"{len(wanted)} trainings, {len(wanted) - len(left)} of them done already.")
    failed = _failures(left, options, console)
    for outcome in failed:
        console.print(f"Failed: {outcome.configuration}: {outcome.error}", markup=False)
    return 1 if failed else 0


def _failures(
    left: Sequence[Configuration], options: argparse.Namespace, console: Console
) -> list[Outcome]:
    """Train all configurations; returns the outcomes of those that failed.

    If a worker is killed, joblib stops all workers, and their trainings are run again. Those that
    the killed worker may have run come last. They fail after `DEATHS` attempts.
    """
    failed: list[Outcome] = []
    deaths: Counter[Configuration] = Counter()
    while left:
        try:
            outcomes = run(left, options, console)
            failed.extend(outcome for outcome in outcomes if outcome.error is not None)
            break
        except TerminatedWorkerError:
            done_or_failed = _finished() | {outcome.configuration.key for outcome in failed}
            left = left_of(left, done_or_failed)
            begun, later = left[: options.jobs], left[options.jobs :]
            deaths.update(begun)
            console.print(f"A worker was killed; {len(left)} trainings are left.")
            failed += [Outcome(tried, error=KILLED) for tried in begun if deaths[tried] >= DEATHS]
            left = later + [tried for tried in begun if deaths[tried] < DEATHS]
    return failed


def run(
    left: Sequence[Configuration], options: argparse.Namespace, console: Console
) -> Iterator[Outcome]:
    """Train what is left, and yield outcomes as they come; a bar shows the remaining time."""
    threads = max(1, (os.cpu_count() or 1) // options.jobs)
    folder = options.folder.absolute()
    parent = os.getpid() if options.backend == "loky" and options.jobs > 1 else None
    with _backend(options), _progress(console) as progress:
        bar = progress.add_task("Training", total=len(left), last="")
        work = joblib.Parallel(return_as="generator_unordered")(
            joblib.delayed(train)(configuration, folder, threads, parent) for configuration in left
        )
        for outcome in work:
            text = "failed" if outcome.error else f"validation loss {outcome.val_loss:.3f}"
            progress.update(bar, advance=1, last=text)
            yield outcome


@contextlib.contextmanager
def _backend(options: argparse.Namespace) -> Iterator[None]:
    """Choose where joblib runs the trainings."""
    with contextlib.ExitStack() as stack:
        if options.backend == "dask":
            from dask.distributed import Client

            stack.enter_context(Client(options.address))  # type: ignore[no-untyped-call]
        elif options.backend == "ray":
            import ray
            from ray.util.joblib import register_ray

            ray.init(address=options.address)
            register_ray()
        stack.enter_context(joblib.parallel_config(options.backend, n_jobs=options.jobs))
        yield


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}"),
        console=console,
    )


def _finished() -> set[tuple[object, ...]]:
    """The finished trainings, after what killed workers left in their journals is stored."""
    home, store = settings.home(), settings.store_url()
    writer = open_store(store, home)
    writer.position("")  # creates the catalogue if it is missing
    writer.close()

    def report(path: Path, outcome: int | DfAnalyzerError) -> None:
        if isinstance(outcome, DfAnalyzerError):
            print(f"{path.name}: {outcome}", file=sys.stderr)

    sync(home, store, report)
    connection = reader_connection(store, home)
    try:
        return done(connection)
    finally:
        connection.close()


def _wanted(options: argparse.Namespace) -> list[Configuration]:
    epochs: Sequence[int] = DEFAULT_EPOCHS
    count, repeats = DEFAULT_SAMPLES, 1
    if options.paper:
        epochs, count, repeats = EPOCHS, PAPER_SAMPLES, PAPER_REPEATS
    if options.quick:
        epochs, count = QUICK_EPOCHS, QUICK_SAMPLES
    narrow = {"learning_rates": (0.001,), "decays": (1e-4,)} if options.quick else {}
    wanted = grid(
        options.epochs or epochs,
        repetitions=options.repeats or repeats,
        samples=options.samples or count,
        **narrow,
    )
    network: dict[str, Any] = {}
    if options.growth_rate:
        network["growth_rate"] = options.growth_rate
    if options.blocks:
        network["blocks"] = tuple(options.blocks)
    return [dataclasses.replace(configuration, **network) for configuration in wanted]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.grid", description="Train DenseED over the paper's grid."
    )
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument(
        "--paper",
        action="store_true",
        help=f"as in the paper: epochs {EPOCHS}, {PAPER_SAMPLES} samples, {PAPER_REPEATS} repeats",
    )
    scale.add_argument(
        "--quick",
        action="store_true",
        help=f"one rate and one decay, epochs {QUICK_EPOCHS}, {QUICK_SAMPLES} samples",
    )
    parser.add_argument(
        "--epochs", type=_positive, nargs="+", metavar="N", help=f"default: {DEFAULT_EPOCHS}"
    )
    parser.add_argument(
        "--samples", type=_positive, metavar="N", help=f"default: {DEFAULT_SAMPLES}"
    )
    parser.add_argument(
        "--growth-rate",
        type=_positive,
        metavar="K",
        help=f"features that a dense layer adds (default: {Configuration.growth_rate})",
    )
    parser.add_argument(
        "--blocks",
        type=_positive,
        nargs="+",
        metavar="L",
        help=f"layers by dense block (default: {Configuration.blocks})",
    )
    parser.add_argument("--repeats", type=_positive, metavar="N", help="default: 1")
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        default=max(1, os.cpu_count() or 1),
        help="trainings at once (default: %(default)s)",
    )
    parser.add_argument("--backend", choices=BACKENDS, default="loky", help="default: %(default)s")
    parser.add_argument(
        "--address", help="address of the cluster: tcp://host:8786 (Dask), auto or host:port (Ray)"
    )
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="folder of the data: %(default)s"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
