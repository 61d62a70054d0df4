"""The two methods that a model gets from us: ``provenance`` and ``get_dataflow``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.dataflow import Dataflow

from .._capture.keys import Hyps
from .._capture.requests import Consent
from .._instrumentation.attributes import Addition
from .._instrumentation.switch import reinstate
from .._recording.registry import declare_execution, execution_of

__all__ = ["PATCHES"]


def provenance(
    self: Any,
    dataflow_tag: str,
    adaptation: bool | None = None,
    hyps: Hyps | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
) -> None:
    """Capture the trainings and tests of this model; call it before `fit()`.

    Args:
        self: the model.
        dataflow_tag: name of the dataflow.
        adaptation: whether changes of the learning rate are captured; left out,
            KERAS_PROV_ADAPTATION, else whether LEARNING_RATE is.
        hyps: what to capture, as ``{"LEARNING_RATE": True, "DECAY": False}``; its keys are those
            of `known_hyperparameters`. A list of keys is for those that are True, and ``"all"`` for
            every one that costs next to nothing. With nothing True an execution and its metrics
            are still recorded. Left out, it is what KERAS_PROV_CAPTURE or the project's
            ``capture`` says.
        hyperparameters: the user's own, as ``[("DROP", "NUMERIC")]``.
        values: their values, as ``{"DROP": 0.5}``; one without a value is NULL.
        store: URL of a MonetDB, ``monetdb://user:password@host:port/database``; by default
            KERAS_PROV_STORE, else the private server.

    Raises:
        TypeError: a value is not of its kind.
        ValueError: a key is unknown, or a tag, a name or the store's URL cannot be.
        RuntimeError: a fit of this model has begun already.
    """
    reinstate()
    consent = Consent.checked(dataflow_tag, hyps, hyperparameters, values, adaptation, store)
    declare_execution(self, consent)


def get_dataflow(self: Any) -> Dataflow:
    """The dataflow of this model's execution, to add transformations of the domain to.

    Raises:
        RuntimeError: capture was not asked for.
    """
    execution = execution_of(self)
    if execution is None:
        raise RuntimeError(
            "This model has no dataflow: call model.provenance(dataflow_tag=…) or "
            "keras_prov.capture({…}) first."
        )
    return execution.dataflow


PATCHES = (
    Addition(lambda: keras.Model, "provenance", provenance),
    Addition(lambda: keras.Model, "get_dataflow", get_dataflow),
)
