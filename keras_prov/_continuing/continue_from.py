"""`keras_prov.continue_from`: a model goes on where another execution stopped, otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.keras_schema import names as tags

from .._recording.continuation import Continuation
from .._recording.execution import Execution
from .._recording.registry import execution_of, known_execution
from .._tracking.building import is_built
from .._tracking.running import fits

if TYPE_CHECKING:
    from keras import Model

    from dfanalyzer_client.analysis.named import Named
    from dfanalyzer_client.analysis.one_run import Run

__all__ = ["continue_from"]

EPOCH, RATE = tags.EPOCH_ID.lower(), tags.LEARNING_RATE.lower()
"""Columns of epochs."""


def continue_from(
    run: Named | Model,
    model: Model,
    *,
    weights: bool = False,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Continuation:
    """Have `model` continue another execution otherwise: with other layers or hyperparameters.

    The execution that the next ``fit()`` of `model` begins is derived from `run`, and what differs
    between them is recorded when it begins, in the set ``iContinuation``.

    With `weights`, the weights of layers that are the same go on, too: of the same class, with
    weights of the same shapes and types. They come from `run` if that is the model itself, else
    from the newest whole model that it stored (by MODEL, a ModelCheckpoint or `Model.save`), if its
    SHA-256 is still what was recorded. The optimizer's state does not go on; `model` trains with
    that of its own optimizer. Of a model that its first batch builds, weights are taken over then.

    Example:
        >>> wider = build(layers=8)
        >>> wider.provenance("seismic", hyps={"LEARNING_RATE": True})
        >>> before = keras_prov.continue_from("last", wider, weights=True)
        >>> wider.fit(x, y, initial_epoch=before.epoch, epochs=400)

    Args:
        run: the run that is continued: its id, its tag, the beginning of its tag, ``last``, the
            `Run`, or its model, if this process has trained it.
        model: the model that continues; it is captured, and has not been trained since.
        weights: whether to take weights over.
        store: URL of the database that has `run`; None: that of `model`.
        home: the data folder of the private server.

    Returns:
        What is continued, how many epochs it has trained, and which layers' weights go on.

    Raises:
        TypeError: `model` is no model, or `weights` is no bool.
        ValueError: `run` is a model whose training was not captured, or no model was stored whose
            weights could be taken over.
        RuntimeError: `model` is not captured, is being fitted, or its execution has begun.
        UnknownTagError: no run matches, or several do.
        StoreError: the database cannot be queried.
    """
    execution = _beginning(model, weights)
    stopped = _stopped(run, execution, store, home)
    earlier = run if isinstance(run, keras.Model) else None
    continuation = _continuation(stopped, earlier)
    if weights:
        _add_weights(continuation, stopped, earlier)
    execution.derived_from.add(continuation.execution)
    execution.continuation = continuation
    if not continuation.is_applied and is_built(model):
        from .weights import take_over

        take_over(continuation, model)
    return continuation


def _beginning(model: Any, weights: bool) -> Execution:
    """The execution that the next fit of `model` begins."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"Expected the model that continues. Received: {model!r}.")
    if not isinstance(weights, bool):
        raise TypeError(f"Expected weights to be True or False. Received: {weights!r}.")
    if fits.is_running(model):
        raise RuntimeError(
            "continue_from() was called during this model's fit(). Call it before fit()."
        )
    execution = execution_of(model)
    if execution is None:
        raise RuntimeError(
            "The model that continues is not captured: call model.provenance(dataflow_tag=…) or "
            "keras_prov.capture({…}) first."
        )
    if execution.training is not None:
        raise RuntimeError(
            f"Execution {execution.tag!r} of this model has been trained already. To begin another "
            "one that continues, call model.provenance(dataflow_tag=…) again first."
        )
    return execution


def _stopped(run: Any, execution: Execution, store: str | StoreURL | None, home: Any) -> Run:
    """The run that is continued."""
    from dfanalyzer_client.analysis.asking import run as run_named
    from dfanalyzer_client.analysis.one_run import Run
    from dfanalyzer_client.analysis.run_summary import RunSummary

    if isinstance(run, Run):
        return run
    name = run.execution if isinstance(run, RunSummary) else run
    client = execution.dataflow.client
    if isinstance(run, keras.Model):
        known = known_execution(run)
        if known is None or known.training is None or fits.is_running(run):
            raise ValueError(
                "Expected a run, or a model whose training was captured and has ended. "
                f"Received: {run!r}."
            )
        name, client = known.tag, known.dataflow.client
    if store is None and home is None:
        store, home = client.store, client.home
    return run_named(name, store=store, home=home)


def _continuation(stopped: Run, earlier: Any) -> Continuation:
    """What is known of the run: its last layers, and its hyperparameters as they were last."""
    layers = stopped.layers.to_dicts()
    last = max((each["training"] or 0 for each in layers if "training" in each), default=0)
    layers = [each for each in layers if "training" in each and (each["training"] or 0) == last]
    if not layers and earlier is not None:
        from .model_layers import layers_of

        layers = layers_of(earlier)
    epochs = stopped.metrics.to_dicts()
    last_epoch = epochs[-1] if epochs else {}
    rate = last_epoch.get(RATE)
    adapted = {} if rate is None else {RATE: rate}
    epoch = last_epoch.get(EPOCH)
    return Continuation(
        stopped.execution,
        0 if epoch is None else int(epoch) + 1,
        layers,
        {**stopped.hyperparameters, **adapted},
    )


def _add_weights(continuation: Continuation, stopped: Run, earlier: Any) -> None:
    """Find the model that weights are taken from; raises ValueError if there is none."""
    continuation.is_applied, continuation.source = False, "the model"
    continuation.earlier = earlier
    if earlier is None:
        from .newest_model import newest_model

        continuation.earlier, file = newest_model(stopped)
        continuation.source, continuation.files = file.path, [file]
