"""What is patched in Keras: one module per thing patched, each with its patches."""

from __future__ import annotations

from .._patch import Change

__all__ = ["all_patches"]


def all_patches() -> tuple[Change, ...]:
    """Every patch, in the order in which they are applied."""
    from . import evaluate, fit, model  # here: each imports Keras, which may be loading now

    return (*model.PATCHES, fit.PATCH, evaluate.PATCH)
