"""A loop of the user's as a training: ``with keras_prov.training(model) as run:``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from dfanalyzer_client.config.store_url import StoreURL

from .._capture.config import CaptureConfig
from .._capture.replicas import is_recorded_elsewhere
from .._capture.requests import requested_config
from .._guard import guarded
from .._inspection.loop_call import LoopCall
from .._inspection.several_models import several_models
from .._instrumentation.switch import is_instrumented, reinstate
from .._recording.execution import Execution
from .._recording.registry import execution_of, join, request_execution
from .._tracking.stateless import optimizer_states
from .arguments import Foreign, named_models, named_optimizers_of
from .call_feed import CallFeed
from .loop_training import LoopTraining
from .open_runs import open_runs

__all__ = ["TrainingRun", "training"]


class TrainingRun:
    """A training by a loop of your own, from the beginning to the end of a `with` block."""

    def __init__(
        self,
        models: Mapping[str, Any],
        optimizers: Mapping[str, Any],
        arguments: Mapping[str, Any],
        every: int | None,
        begin: Callable[[Any], Execution | None],
    ) -> None:
        self._models, self._optimizers = models, optimizers
        several = len(models) > 1
        self._model = several_models(models) if several else next(iter(models.values()))
        self._prefixes = {id(model): f"{n}_" if several else "" for n, model in models.items()}
        self._arguments, self._every, self._execution_of = arguments, every, begin
        self._training: LoopTraining | None = None
        self._feed: CallFeed | None = None

    @property
    def exec_tag(self) -> str | None:
        """The tag of the execution; None before the block, or if nothing is recorded."""
        return None if self._training is None else self._training.execution.tag

    def epoch(
        self,
        logs: Mapping[str, Any] | None = None,
        /,
        *,
        optimizer_variables: Any = None,
        **metrics: Any,
    ) -> None:
        """Say that an epoch has ended; becomes a row of ``oTrainingModel``.

        A value may be a number, or a tensor or array of any backend. What is on a device is read
        once, here, for all metrics together. Metrics that `batch` was given and this call is not
        are their means over the batches of the epoch.

        Args:
            logs: metrics whose names are no names in Python, as ``{"d/loss": 0.3}``.
            optimizer_variables: in a loop of JAX, the values that `stateless_apply` returned, from
                which the learning rate is read, or the state of an `optax.inject_hyperparams`; by
                the optimizer's name if there are several.
            **metrics: metrics by name: ``loss=…``.
        """
        with guarded("the end of an epoch of your loop", self):
            if self._training is not None:
                states = self._states(optimizer_variables)
                for optimizer, state in states:
                    if isinstance(optimizer, Foreign):
                        optimizer.learn(state)
                with optimizer_states(states):
                    self._training.epoch({**(logs or {}), **metrics})

    def batch(self, logs: Mapping[str, Any] | None = None, /, **metrics: Any) -> None:
        """Add a batch's metrics to the means of the epoch.

        Numbers that are on a device stay there until the epoch ends.

        Args:
            logs: metrics whose names are no names in Python.
            **metrics: metrics by name: ``loss=…``.
        """
        with guarded("a batch of your loop", self):
            if self._training is not None:
                self._training.batch({**(logs or {}), **metrics})

    def __enter__(self) -> TrainingRun:
        with guarded("keras_prov.training()", self, lost="this training"):
            self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        training = self._training
        if self._feed is not None:
            open_runs.end(self._models.values(), self._feed)
        with guarded("the end of your loop", self, lost="how it ended"):
            if training is not None:
                if error is None:
                    training.rest()
                training.end_of_loop(error)

    def _begin(self) -> None:
        models = list(self._models.values())
        open_runs.about_to_begin(models)
        execution = self._execution_of(models[0])
        if execution is None:
            return
        for model in models[1:]:
            join(model, execution)
        call = LoopCall(self._model, self._arguments, self._optimizers)
        every = execution.config.choice.every_batch if self._every is None else self._every
        if every:
            execution.declare_batches()
        training = LoopTraining(execution, call, every)
        training.begin()
        self._training, self._feed = training, CallFeed(training, self._prefixes)
        open_runs.begin(models, self._feed)

    def _states(self, given: Any) -> list[tuple[Any, Any]]:
        if given is None:
            return []
        if isinstance(given, Mapping):
            return [(self._optimizers[name], state) for name, state in given.items()]
        optimizers = list(self._optimizers.values()) or [getattr(self._model, "optimizer", None)]
        return [(optimizers[0], given)]


def training(
    models: Any,
    optimizer: Any = None,
    *,
    dataflow_tag: str | None = None,
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
    every: int | None = None,
    epochs: int | None = None,
    initial_epoch: int = 0,
    batch_size: int | None = None,
    x: Any = None,
    y: Any = None,
    validation_data: Any = None,
) -> TrainingRun:
    """Record a loop of your own as a training, as `fit()` is recorded.

    The training begins and ends with the block. An exception that leaves the block is recorded, and
    passed on. In the block, `train_on_batch`, `test_on_batch` and `fit` of these models add to the
    epoch that runs, and are no trainings by themselves.

    Example:
        >>> with keras_prov.training(model, optimizer, epochs=10) as run:
        ...     for epoch in range(10):
        ...         for x, y in batches:
        ...             run.batch(loss=train_step(x, y))
        ...         run.epoch(val_loss=validate())

    Args:
        models: the model, or several in a list or by name in a dictionary.
        optimizer: the optimizer, or several likewise, of Keras or of another library; by default
            those that the models were compiled with.
        dataflow_tag: name of the dataflow. With it, or any other of the arguments up to `store`, an
            execution begins here, as with `Model.provenance`. Without them, the model is captured
            as was asked for; if that was not asked for at all, as the settings say.
        hyps: what to capture, as in `capture`.
        adaptation: whether changes of the learning rate are captured, as in `capture`.
        hyperparameters: custom hyperparameters, as ``[("DROP", "NUMERIC")]``.
        values: their values, as ``{"DROP": 0.5}``.
        store: URL of a MonetDB, as in `capture`.
        every: n, to record the metrics of every n-th batch as well (``oBatches``); by default as
            BATCH_METRICS says.
        epochs: how many epochs the loop will have, if that is known.
        initial_epoch: number of the first epoch.
        batch_size: samples in a batch.
        x: the training data, of which DATASET records fingerprints.
        y: the targets.
        validation_data: the validation data, as in `fit`.

    Returns:
        The training, to be used in a `with` statement.

    Raises:
        TypeError: a value is of the wrong type.
        ValueError: a key is unknown, or a tag, a name or the store's URL is invalid.
    """
    reinstate()
    named = named_models(models)
    given = (dataflow_tag, hyps, adaptation, hyperparameters or None, values, store)
    is_asked = any(each is not None for each in given)
    captured = requested_config(next(iter(named.values()))) is not None
    config = None
    if is_asked or not captured:
        config = CaptureConfig.checked(
            dataflow_tag, hyps, hyperparameters, values, adaptation, store
        )
    arguments: dict[str, Any] = {
        "epochs": epochs,
        "initial_epoch": initial_epoch,
        "batch_size": batch_size,
        "x": x,
        "y": y,
        "validation_data": validation_data,
    }

    def execution(model: Any) -> Execution | None:
        if not is_instrumented() or is_recorded_elsewhere(model):
            return None
        return execution_of(model) if config is None else request_execution(model, config)

    optimizers = named_optimizers_of(optimizer)
    return TrainingRun(named, optimizers, arguments, _checked_every(every), execution)


def _checked_every(every: Any) -> int | None:
    is_number = isinstance(every, int) and not isinstance(every, bool) and every >= 0
    if every is not None and not is_number:
        raise ValueError(f"Expected a number of batches, 0 or more. Received: every={every!r}.")
    return every if is_number else None
