"""Runs of an MLflow file store: a folder for each experiment, and in it one for each run."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import DfAnalyzerError, ForeignDataError
from ...support.distribution import install_command
from ..foreign_run import ForeignRun, Point
from .mlflow_experiments import Experiment, dataflow_tags
from .mlflow_run import MlflowRun, dataset_row, foreign_run, metric_point

__all__ = ["MlflowFiles"]

META = "meta.yaml"
DELETED = "deleted"
TRASH = ".trash"
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""The numbers that MLflow writes for them."""

BEGAN = re.compile(r"^start_time: (\d+)$", re.MULTILINE)
LINE = re.compile(r"(\d+) (\S+)(?: (-?\d+))?")
"""Time, value and step of a metric; MLflow's first versions had no step."""


class MlflowFiles:
    """A `Source`; for the arguments see `mlflow_source`.

    Raises:
        ForeignDataError: no folder in it is an experiment.
    """

    def __init__(self, folder: Path, dataflow: str | None, *, deleted: bool) -> None:
        self._folder = folder.resolve()
        if not any(self._experiments()) and (folder / "mlruns").is_dir():
            self._folder = self._folder / "mlruns"
        self._dataflow, self._deleted = dataflow, deleted
        self.skipped = 0
        self._tags: dict[str, str] = {}
        if not any(self._experiments()):
            raise ForeignDataError(
                f"{folder} is no file store of MLflow: no folder in it has a {META}, as an "
                "experiment's has."
            )

    def runs(self) -> Iterator[ForeignRun | ForeignDataError]:
        """The runs, experiment by experiment, oldest first."""
        self.skipped = 0
        known: dict[Path, dict[str, Any]] = {}
        for experiment in self._experiments():
            try:
                known[experiment] = _yaml(experiment / META)
            except ForeignDataError as error:
                yield error
        self._tags = dataflow_tags(
            Experiment(
                _milliseconds(meta.get("creation_time")) or 0, _id(folder, meta), _name(meta)
            )
            for folder, meta in known.items()
        )
        for experiment, meta in known.items():
            for folder in sorted((m.parent for m in experiment.glob(f"*/{META}")), key=_age):
                if folder.name in ("datasets", "models"):
                    continue
                try:
                    run = self._run(folder, experiment, meta)
                except ForeignDataError as error:
                    yield error
                    continue
                if run is None:
                    self.skipped += 1
                else:
                    yield run

    def _experiments(self) -> Iterator[Path]:
        for folder in (self._folder, self._folder / TRASH):
            yield from sorted(each.parent for each in folder.glob(f"*/{META}"))

    def _run(self, folder: Path, experiment: Path, of: dict[str, Any]) -> ForeignRun | None:
        """The run of a folder; None if it was deleted."""
        meta = _yaml(folder / META)
        stages = of.get("lifecycle_stage"), meta.get("lifecycle_stage")
        if (DELETED in stages or experiment.parent.name == TRASH) and not self._deleted:
            return None
        tags = _texts(folder / "tags")
        status = meta.get("status")
        run = MlflowRun(
            str(meta.get("run_id") or meta.get("run_uuid") or folder.name),
            _name(of),
            _id(experiment, of),
            str(meta.get("run_name") or tags.get("mlflow.runName", "")),
            STATUSES.get(status, "") if isinstance(status, int) else str(status or ""),
            _milliseconds(meta.get("start_time")),
            _milliseconds(meta.get("end_time")),
            str(meta.get("artifact_uri") or ""),
            _texts(folder / "params"),
            tags,
            _data(folder, experiment),
        )
        files = sorted(path for path in (folder / "metrics").rglob("*") if path.is_file())
        state = " ".join(str(_size(path)) for path in files)

        def points() -> Iterator[Point]:
            for path in files:
                yield from _points(path, path.relative_to(folder / "metrics").as_posix())

        dataflow = self._dataflow or self._tags[run.experiment_id]
        return foreign_run(run, self._folder.parent, dataflow, points, state)


def _name(experiment: dict[str, Any]) -> str:
    return str(experiment.get("name") or "")


def _id(folder: Path, experiment: dict[str, Any]) -> str:
    return str(experiment.get("experiment_id") or folder.name)


def _points(path: Path, name: str) -> Iterator[Point]:
    """The values of a metric; a last line that MLflow has only begun to write is left out."""
    with _reading(path), path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            found = LINE.fullmatch(line.rstrip("\n"))
            value = None if found is None else _number(found[2])
            if found is None or value is None:
                if not line.endswith("\n"):
                    return
                raise ForeignDataError(
                    f"{path}, line {number}: time, value and step were expected. "
                    f"Received: {line.strip()!r:.80}."
                )
            yield metric_point(name, value, int(found[3] or 0), int(found[1]))


def _data(folder: Path, experiment: Path) -> list[dict[str, Any]]:
    """The data sets that a run has logged as its inputs."""
    found = []
    for path in sorted((folder / "inputs").glob(f"*/{META}")):
        link = _yaml(path)
        tags = link.get("tags")
        context = tags.get("mlflow.data.context", "") if isinstance(tags, dict) else ""
        dataset = experiment / "datasets" / str(link.get("source_id")) / META
        if dataset.is_file():
            found.append(dataset_row(_yaml(dataset), str(context)))
    return found


def _texts(folder: Path) -> dict[str, str]:
    """The files of a folder as texts, by their paths within it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with _reading(path):
                found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return found


def _age(folder: Path) -> tuple[int, str]:
    """When a run began, and its id, which orders runs; one that cannot be read comes first."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        began = BEGAN.search((folder / META).read_text(encoding="utf-8"))
        return int(began[1]) if began else 0, folder.name
    return 0, folder.name


def _yaml(path: Path) -> dict[str, Any]:
    try:
        import yaml  # not above: only this needs it
    except ImportError:
        raise DfAnalyzerError(
            f"MLflow's file stores are read with PyYAML: {install_command('mlflow')}"
        ) from None
    with _reading(path):
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            reason = str(error).splitlines()[0]
            raise ForeignDataError(f"{path} is damaged: {reason}.") from None
    if not isinstance(found, dict):
        raise ForeignDataError(f"{path} is damaged: it does not describe an experiment or a run.")
    return found


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise ForeignDataError(f"{path} is damaged: it is no text in UTF-8.") from None
    except OSError as error:
        raise ForeignDataError(f"{path} cannot be read: {error.strerror}.") from None


def _milliseconds(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _size(path: Path) -> int:
    with _reading(path):
        return path.stat().st_size
