"""The training's step: whether it is compiled, and in how many processes it runs."""

from __future__ import annotations

import sys
from typing import Any

import keras

__all__ = ["is_compiled", "runs_in_processes"]


def is_compiled(model: Any) -> bool:
    """Whether the step was compiled, so that plain attributes are constants in it.

    TensorFlow traces it unless it runs eagerly. JAX and PyTorch compile it with `jit_compile`.
    """
    if keras.backend.backend() != "tensorflow":
        return bool(model.jit_compile) and not model.run_eagerly
    import tensorflow as tf

    return not model.run_eagerly and not tf.config.functions_run_eagerly()


def runs_in_processes(model: Any) -> bool:
    """Whether other processes take the same steps, of which each would have to do the same."""
    strategy = getattr(model, "_distribute_strategy", None)
    in_workers = getattr(getattr(strategy, "extended", None), "_in_multi_worker_mode", None)
    if callable(in_workers) and in_workers():
        return True
    if keras.backend.backend() == "jax":
        return bool(sys.modules["jax"].process_count() > 1)
    distributed: Any = sys.modules.get("torch.distributed")
    return bool(
        distributed is not None
        and distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )
