"""Transformations and sets that are ready for a field, to be passed to a `Dataflow`."""

from __future__ import annotations

from .federated import federated_learning

__all__ = ["federated_learning"]
