"""Save the model of a running training because somebody has asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dfanalyzer_client.support.forks import fork_lock

from .._artifacts.model_files import FileFact
from .._recording.events import STEERING
from .refusal import Refusal

__all__ = ["save_checkpoint"]

SUFFIXES = (".keras", ".weights.h5")


def save_checkpoint(model: Any, target: str | None) -> FileFact:
    """Save `model` to a new file, or among the stored models if no file is named.

    Args:
        model: the model; its training goes on as if nothing had happened.
        target: the file; a relative path begins in the training's working directory.

    Raises:
        Refusal: the file exists, is not one for a model, or cannot be written.
    """
    with fork_lock():
        from .._artifacts.stored_model import saved_model, stored_model

    path = None if target is None else _checked(target)
    try:
        if path is None:
            return stored_model(model, STEERING)
        return saved_model(model, path, STEERING)
    except Exception as error:  # the disk's, the artifact store's, or whatever a layer raises
        raise Refusal(f"The model cannot be saved: {type(error).__name__}: {error}") from None


def _checked(target: str) -> Path:
    path = Path(target).absolute()
    if not path.name.endswith(SUFFIXES):
        raise Refusal(f"A checkpoint is a file {' or '.join(SUFFIXES)}. Received: {target!r:.500}.")
    if not path.parent.is_dir():
        raise Refusal(f"There is no folder {str(path.parent)!r} where the training runs.")
    if path.exists():
        raise Refusal(f"{str(path)!r} exists already, and a checkpoint replaces nothing.")
    return path
