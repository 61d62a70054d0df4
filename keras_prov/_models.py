"""The trained model itself, in the artifact store; its file is one more that the execution wrote.

Saving makes Keras objects, which take automatic names and random seeds; both are given back, so
that what the program makes next is called and seeded as without us. Nor does the program hear what
Keras has to warn of in a saving that is not the program's.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dfanalyzer_client import settings
from dfanalyzer_client.file import WRITTEN

from ._files import FileFact
from ._recorder import Execution

__all__ = ["store_model"]

ARTIFACT = "artifact"
NAMES = "object_name_uids"


def store_model(execution: Execution, model: Any) -> None:
    """Store `model` as it is now; its weights alone where Keras cannot save the whole of it."""
    from ._artifacts import ArtifactStore
    from .patches.saving import unrecorded

    with tempfile.TemporaryDirectory(prefix="keras-prov-") as folder:
        with unrecorded(), _untouched():
            path = _saved(model, Path(folder))
        artifact = ArtifactStore(settings.artifacts()).put(path)
    fact = FileFact(artifact.url, path.name, ARTIFACT, artifact.size, artifact.sha256)
    execution.record_file(fact, WRITTEN)


def _saved(model: Any, folder: Path) -> Path:
    try:
        model.save(folder / "model.keras")
        return folder / "model.keras"
    except (NotImplementedError, TypeError, ValueError):  # no get_config, or not serializable
        model.save_weights(folder / "model.weights.h5")
        return folder / "model.weights.h5"


@contextmanager
def _untouched() -> Iterator[None]:
    """Give back automatic names and Python's random state as they were; let no warning out."""
    from keras.src.backend.common import global_state

    names = global_state.get_global_attribute(NAMES)
    before = None if names is None else dict(names)
    state = random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(state)
        if names is not None and before is not None:
            names.clear()
            names.update(before)
