"""The trained model itself, in the artifact store, recorded as a file of the execution.

Saving it does not change how the program's next objects are named and seeded, and issues no
warnings: see `isolated_saving`.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.file import WRITTEN

from .._artifacts.isolated_saving import isolated_saving
from .._artifacts.model_files import FileFact
from .._recording.execution import Execution
from .._tracking.saving import unrecorded

__all__ = ["store_model"]

ARTIFACT = "artifact"

_logger = logging.getLogger(__name__)


def store_model(execution: Execution, model: Any) -> None:
    """Store `model` as it is now, or only its weights if Keras cannot save the whole model."""
    from .._artifacts.store import ArtifactStore

    with tempfile.TemporaryDirectory(prefix="keras-prov-", dir=_scratch()) as folder:
        with unrecorded(), isolated_saving(Path(folder)):
            path = _saved(model, Path(folder))
        artifact = ArtifactStore(settings.artifacts()).put(path)
    fact = FileFact(artifact.url, path.name, ARTIFACT, artifact.size, artifact.sha256)
    execution.record_file(fact, WRITTEN)


def _saved(model: Any, folder: Path) -> Path:
    try:
        model.save(folder / "model.keras")
        return folder / "model.keras"
    except Exception as error:  # no get_config, a lambda without source, whatever a layer raises
        _logger.info(
            "Keras cannot save the whole model (%s: %s), so only its weights are stored.",
            type(error).__name__,
            error,
        )
        model.save_weights(folder / "model.weights.h5")
        return folder / "model.weights.h5"


def _scratch() -> str | None:
    """Where `tempfile` would create a folder. Asking would make it remember that."""
    if tempfile.tempdir is not None:
        return os.fsdecode(tempfile.tempdir)
    named = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    for folder in (*named, "/tmp", "/var/tmp", "/usr/tmp"):  # noqa: S108  # mkdtemp makes it safe
        if folder and os.access(folder, os.W_OK | os.X_OK):
            return str(Path(folder).absolute())
    return None
