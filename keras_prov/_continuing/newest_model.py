"""The newest model that an execution has stored, if its file is what was recorded."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from dfanalyzer_client.analysis.one_run import Run
from dfanalyzer_client.config import settings
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.support.digest import file_digest

from .._artifacts.isolated_saving import isolated_saving
from .._artifacts.model_files import FileFact
from .._artifacts.store import ArtifactError, ArtifactStore
from .._tracking.saving import unrecorded

__all__ = ["newest_model"]

WHOLE = (".keras", ".h5", ".hdf5")
"""Suffixes of files with a whole model; Keras calls files of weights ``….weights.h5``."""

PATH, KIND, SIZE, SHA256, EPOCH = (
    name.lower()
    for name in (tags.FILE_PATH, tags.FILE_KIND, tags.FILE_SIZE, tags.FILE_SHA256, tags.EPOCH_ID)
)
HOW = (
    "Give the model before itself in place of the run, if this process has it; else have it stored "
    "next time: with hyps={'MODEL': True}, with a ModelCheckpoint, or with model.save('….keras')."
)


def newest_model(run: Run) -> tuple[Any, FileFact]:
    """The model of the newest file that `run` wrote and that is unchanged, and that file.

    Raises:
        ValueError: there is none, or Keras cannot load it.
    """
    found = [dict(row) for row in reversed(run.rows(tags.SAVED_FILE).to_dicts())]
    missed: dict[str, str] = {}
    for row in found:
        reason = _unusable(row)
        if reason is None:
            return _loaded(row, run)
        missed.setdefault(str(row[PATH]), reason)
    seen = "; ".join(f"{path}: {reason}" for path, reason in missed.items())
    raise ValueError(
        f"Execution {run.execution!r} has stored no model whose weights could be taken over"
        f"{f' ({seen})' if seen else ''}. {HOW}"
    )


def _unusable(row: Mapping[str, Any]) -> str | None:
    """Why a file cannot be used; None if it can."""
    path = str(row[PATH])
    if path.endswith(".weights.h5") or not path.endswith(WHOLE):
        return "it does not hold a whole model"
    if row[SHA256] is None:
        return "its content was not recorded"
    if row[KIND] == "artifact":
        return None if _is_stored(str(row[SHA256])) else "it is not in the artifact store any more"
    if "://" in path:
        return "it is not on this machine"
    try:
        return None if file_digest(Path(path))[1] == row[SHA256] else "it was changed since"
    except OSError:
        return "it is not there any more"


def _is_stored(sha256: str) -> bool:
    try:
        return ArtifactStore(settings.artifacts()).verify(sha256)
    except ArtifactError:
        return False


def _loaded(row: Mapping[str, Any], run: Run) -> tuple[Any, FileFact]:
    path = str(row[PATH])
    try:
        with tempfile.TemporaryDirectory(prefix="keras-prov-") as name:
            folder = Path(name)
            with _local(row, folder) as file, unrecorded(), isolated_saving(folder):
                model = keras.saving.load_model(file, compile=False)
    except Exception as error:  # whatever a layer of the user's raises
        raise ValueError(
            f"Keras cannot load {path!r}, the newest model of execution {run.execution!r} "
            f"({type(error).__name__}: {error}). Register its classes with "
            "@keras.saving.register_keras_serializable(), or give the model before itself in "
            "place of the run."
        ) from error
    size = None if row[SIZE] is None else int(row[SIZE])
    epoch = None if row[EPOCH] is None else int(row[EPOCH])
    return model, FileFact(path, Path(path).name, str(row[KIND]), size, row[SHA256], epoch=epoch)


@contextmanager
def _local(row: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """The file on this machine; one of the artifact store is copied into `folder`."""
    path = Path(str(row[PATH]))
    if row[KIND] != "artifact":
        yield path
        return
    copy = folder / path.name
    with (
        ArtifactStore(settings.artifacts()).open(str(row[SHA256])) as source,
        copy.open("wb") as to,
    ):
        shutil.copyfileobj(source, to)
    yield copy
