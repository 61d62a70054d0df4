"""What models get: ``provenance``, ``get_dataflow``, and the tags of a captured one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import keras

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.dataflow import Dataflow
from dfanalyzer_client.transformation import Transformation

from .._capture.config import CaptureConfig
from .._capture.replicas import is_recorded_elsewhere
from .._instrumentation.attributes import Addition
from .._instrumentation.switch import reinstate
from .._recording.execution import Execution
from .._recording.registry import declare_execution, execution_here, known_execution

__all__ = ["PATCHES"]


def provenance(
    self: Any,
    dataflow_tag: str,
    adaptation: bool | None = None,
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    transformations: Mapping[str, Transformation] | Sequence[Transformation] = (),
    *,
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
    progress: bool | None = None,
    steering: bool | Collection[str] | None = None,
) -> None:
    """Capture the trainings and tests of this model; call it before `fit()`.

    Args:
        self: the model.
        dataflow_tag: name of the dataflow.
        adaptation: whether changes of the learning rate are captured; by default
            KERAS_PROV_ADAPTATION, else whether LEARNING_RATE is captured.
        hyps: what to capture, as ``{"LEARNING_RATE": True, "DECAY": False}``; its keys are those
            of `known_hyperparameters`. A list names the keys that are True, and ``"all"`` stands
            for every key that costs next to nothing. With nothing True, an execution and its
            metrics are still recorded. By default KERAS_PROV_CAPTURE, or ``capture`` in the
            project's settings.
        hyperparameters: custom hyperparameters, as ``[("DROP", "NUMERIC")]``.
        transformations: transformations of your own for the dataflow, in a list or as the values of
            a dictionary; as if each was passed to ``get_dataflow().add_transformation``.
        values: their values, as ``{"DROP": 0.5}``; one without a value is NULL.
        store: URL of a MonetDB, ``monetdb://user:password@host:port/database``; by default
            KERAS_PROV_STORE, else the private server.
        progress: whether a notebook shows how far each training is; by default
            KERAS_PROV_PROGRESS, else False. Elsewhere nothing is shown.
        steering: whether the trainings may be steered while they run: True, False, or what may be
            asked of them, of ``["set", "stop", "stop-now", "pause", "resume", "checkpoint"]``; by
            default KERAS_PROV_STEERING, else False.

    Raises:
        TypeError: a value is of the wrong type.
        ValueError: a key or action is unknown, or a tag, a name or the store's URL is invalid.
        RuntimeError: a fit of this model has begun already.
    """
    reinstate()
    config = CaptureConfig.checked(
        dataflow_tag,
        hyps,
        hyperparameters,
        values,
        adaptation,
        store,
        transformations,
        progress,
        steering,
    )
    declare_execution(self, config)


def get_dataflow(self: Any) -> Dataflow:
    """The dataflow of this model's execution, to which you can add transformations of your own.

    Raises:
        RuntimeError: this model is not captured.
    """
    execution = execution_here(self)
    if execution is None:
        raise RuntimeError(
            "This model has no dataflow: call model.provenance(dataflow_tag=…) or "
            "keras_prov.capture({…}) first."
        )
    return execution.dataflow


class OfExecution:
    """An attribute that a model has once it has an execution, and else does not have.

    The first Keras-Prov set such attributes on the model. Here nothing is set on it, so that they
    are not saved, pickled or copied with it. One of that name that a user sets comes first.
    """

    def __init__(self, name: str, read: Callable[[Execution], str]) -> None:
        self._name, self._read = name, read

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return self
        execution = known_execution(model)
        if execution is None and is_recorded_elsewhere(model):
            execution = execution_here(model)  # as in the process that records, there is one
        if execution is None:
            raise AttributeError(
                f"{type(model).__name__!r} object has no attribute {self._name!r}: it is not "
                "captured. Call model.provenance(dataflow_tag=…) first.",
                name=self._name,
                obj=model,
            )
        return self._read(execution)


PATCHES = (
    Addition(lambda: keras.Model, "provenance", provenance),
    Addition(lambda: keras.Model, "get_dataflow", get_dataflow),
    *(
        Addition(lambda: keras.Model, name, OfExecution(name, read))
        for name, read in {
            "dataflow_tag": lambda execution: execution.config.dataflow_tag,
            "exec_tag": lambda execution: execution.tag,
        }.items()
    ),
)
