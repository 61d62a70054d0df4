"""What is patched in Keras, one module for each patched function or class."""

from __future__ import annotations

from .._instrumentation.change import Change

__all__ = ["all_patches"]


def all_patches() -> tuple[Change, ...]:
    """All patches, in the order in which they are applied."""
    # imported here: these modules import Keras, which may be loading now
    from . import (
        batches,
        checkpoints,
        compilation,
        deepxde,
        evaluate,
        exporting,
        fit,
        isolated_saving,
        layers,
        learning_rate,
        model,
        modifications,
        optimizers,
        presets,
        saving,
        tracebacks,
        train_function,
    )
    from .searches import SEARCHES

    return (
        tracebacks.PATCH,
        *model.PATCHES,
        layers.PATCH,
        *optimizers.PATCHES,
        learning_rate.PATCH,
        compilation.PATCH,
        fit.PATCH,
        *batches.PATCHES,
        train_function.PATCH,
        evaluate.PATCH,
        *saving.PATCHES,
        *exporting.PATCHES,
        *checkpoints.PATCHES,
        *isolated_saving.PATCHES,
        *deepxde.PATCHES,
        *modifications.PATCHES,
        *presets.PATCHES,
        *SEARCHES,
    )
