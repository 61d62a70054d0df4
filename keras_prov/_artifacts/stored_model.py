"""The model itself, saved to the artifact store or to a file.

Saving it does not change how the program's next objects are named and seeded, and issues no
warnings: see `isolated_saving`.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dfanalyzer_client.config import settings

from .._tracking.saving import unrecorded
from .isolated_saving import isolated_saving
from .model_files import MODEL, WEIGHTS, FileFact, file_facts

__all__ = ["WEIGHTS_SUFFIX", "saved_model", "stored_model"]

ARTIFACT = "artifact"
WEIGHTS_SUFFIX = ".weights.h5"

_logger = logging.getLogger(__name__)


def stored_model(model: Any, callback: str | None = None) -> FileFact:
    """Store `model` as it is now, or only its weights if Keras cannot save the whole model.

    Args:
        model: the model.
        callback: what saves it, if it is not the end of a training.
    """
    from .store import ArtifactStore

    with _scratch_folder(None) as folder:
        path = _saved(model, folder)
        artifact = ArtifactStore(settings.artifacts()).put(path)
    return FileFact(
        artifact.url, path.name, ARTIFACT, artifact.size, artifact.sha256, callback=callback
    )


def saved_model(model: Any, path: Path, callback: str) -> FileFact:
    """Save `model`, or its weights to a file of weights; the file is there as a whole or not."""
    is_weights = path.name.endswith(WEIGHTS_SUFFIX)
    with _scratch_folder(path.parent) as folder:
        saving = folder / path.name
        (model.save_weights if is_weights else model.save)(saving)
        saving.replace(path)
    return next(file_facts(path, WEIGHTS if is_weights else MODEL, callback))


@contextmanager
def _scratch_folder(within: Path | None) -> Iterator[Path]:
    """A folder to save to, where saving is not recorded and changes nothing else."""
    where = _scratch() if within is None else os.fspath(within)
    with (
        tempfile.TemporaryDirectory(prefix="keras-prov-", dir=where) as folder,
        unrecorded(),
        isolated_saving(Path(folder)),
    ):
        yield Path(folder)


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
