"""A run of MLflow, from whichever store, as a run that can be imported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ...masking import without_credentials
from ...task_status import TaskStatus
from ..foreign_run import Fact, ForeignFile, ForeignRun, Kind, Point
from .hyperparameters import number_or_text

__all__ = ["MlflowRun", "dataset_row", "foreign_run", "metric_point"]

MAX_FILES = 10_000
"""Of a run's artifacts; a folder may hold a whole data set."""

STATUSES = {
    "RUNNING": TaskStatus.RUNNING,
    "SCHEDULED": TaskStatus.READY,
    "FINISHED": TaskStatus.FINISHED,
    "FAILED": TaskStatus.FAILED,
    "KILLED": TaskStatus.INTERRUPTED,
}
NOTE, PARENT = "mlflow.note.content", "mlflow.parentRunId"
OWN = "mlflow."
"""What the tags begin with that MLflow itself sets."""

FACTS = {
    "mlflow.user": ("process", "user"),
    "mlflow.source.name": ("process", "command_line"),
    "mlflow.source.git.commit": ("git", "commit"),
    "mlflow.source.git.branch": ("git", "branch"),
    "mlflow.source.git.repoURL": ("git", "remote"),
}
"""Tags that say what Keras-Prov captures of the environment."""

SYSTEM = "system/"
"""What the names of MLflow's system metrics begin with."""

MODEL_FILE = re.compile(r"(?i)\.(keras|h5|hdf5|pb|onnx|pt|pth|pkl|joblib|safetensors|tflite)$")


@dataclass
class MlflowRun:
    """What a store has of a run, but for its metrics; times are in milliseconds since 1970."""

    id: str
    experiment: str
    experiment_id: str
    name: str
    status: str
    began: int | None
    ended: int | None
    artifact_uri: str
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    data: list[dict[str, Any]] = field(default_factory=list)


def foreign_run(
    run: MlflowRun,
    store: Path,
    dataflow: str,
    points: Callable[[], Iterable[Point]],
    points_state: str,
) -> ForeignRun:
    """A run to import.

    Args:
        run: what the store says of it.
        store: the folder of the store, near which its artifacts may be.
        dataflow: the dataflow's tag.
        points: reads its metrics.
        points_state: see `ForeignRun`.
    """
    said = {name: value for name, value in run.tags.items() if not name.startswith(OWN)}
    parent = run.tags.get(PARENT)
    return ForeignRun(
        tag=execution_tag(run.id),
        dataflow=dataflow,
        title=f"run {run.name or run.id}",
        points=points,
        points_state=points_state,
        status=STATUSES.get(run.status, TaskStatus.FINISHED),
        began=_seconds(run.began),
        ended=_seconds(run.ended),
        hyperparameters={name: number_or_text(value) for name, value in run.params.items()},
        facts=_facts(run),
        tags=said,
        note=run.tags.get(NOTE, ""),
        data=run.data,
        files=_files(run, store),
        parents=[execution_tag(parent)] if parent else [],
    )


def execution_tag(run: str) -> str:
    """The tag of the execution that a run becomes, wherever its store is."""
    return f"mlflow-{run}"


def metric_point(name: str, value: float, step: int, milliseconds: int) -> Point:
    """A value of a metric; those of the system are told apart by their names."""
    is_system = name.startswith(SYSTEM)
    return Point(
        name.removeprefix(SYSTEM) if is_system else name,
        value,
        step,
        milliseconds / 1000,
        kind=Kind.SYSTEM if is_system else Kind.EPOCH,
    )


def dataset_row(dataset: Mapping[str, Any], context: str) -> dict[str, Any]:
    """A row of ``iDataset``, of what MLflow logs of a data set.

    Args:
        dataset: its name, digest, source_type, source, schema and profile.
        context: what it was used for.
    """
    profile = _json(dataset.get("profile"))
    rows = profile.get("num_rows") if isinstance(profile, dict) else None
    source = str(dataset.get("source") or "")
    return {
        "ROLE": context or "training",
        "NAME": dataset.get("name"),
        "KIND": dataset.get("source_type"),
        "SAMPLES": rows if isinstance(rows, int) else None,
        "HASH": dataset.get("digest"),
        "HASH_KIND": "MLflow's digest",
        "SPEC": json.dumps({"source": _json(source), "profile": profile}, ensure_ascii=False),
    }


def _facts(run: MlflowRun) -> list[Fact]:
    facts = [
        ("import", "tool", "MLflow"),
        ("import", "run_id", run.id),
        ("import", "run_name", run.name),
        ("import", "experiment", run.experiment),
        ("import", "experiment_id", run.experiment_id),
        ("import", "artifact_uri", without_credentials(run.artifact_uri)),
    ]
    for name, value in run.tags.items():
        if name in FACTS:
            facts.append((*FACTS[name], value))
        elif name.startswith(OWN) and name not in (NOTE, PARENT, "mlflow.runName"):
            facts.append(("mlflow", name.removeprefix(OWN), value))
    return [fact for fact in facts if fact[2]]


def _files(run: MlflowRun, store: Path) -> list[ForeignFile]:
    """The files among a run's artifacts that are on this machine."""
    folder = _artifacts(run, store)
    if folder is None:
        return []
    found = sorted(path for path in folder.rglob("*") if path.is_file())[:MAX_FILES]
    return [ForeignFile(path, _kind(path)) for path in found]


def _artifacts(run: MlflowRun, store: Path) -> Path | None:
    """The folder of a run's artifacts; one that was moved is looked for beside its store."""
    parts = urlsplit(run.artifact_uri)
    if parts.scheme not in ("", "file") and "://" in run.artifact_uri:
        return None
    path = Path(unquote(parts.path))
    candidates = [path, *(store.joinpath(*path.parts[-length:]) for length in (4, 3, 2))]
    return next((each.resolve() for each in candidates if each.is_dir()), None)


def _kind(path: Path) -> str:
    return "model" if MODEL_FILE.search(path.name) else "artifact"


def _json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
