"""Requests to capture one model or all. Nothing is captured without one."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from dfanalyzer_client.config.store_url import StoreURL

from .._identity_map import WeakIdentityMap
from .._instrumentation.switch import reinstate
from .._tracking.running import fits
from . import workers
from .config import CaptureConfig
from .custom_hyperparameters import checked_values
from .replicas import is_recorded_elsewhere

__all__ = [
    "Capture",
    "capture",
    "capture_in_process",
    "capture_inherited",
    "declare",
    "is_capturing",
    "log",
    "request",
    "requested_config",
    "requested_models",
    "when_stopped",
]


class Capture:
    """Capture for every model of the process, until `stop()` or the end of the `with` block."""

    def __init__(self, config: CaptureConfig, *, for_workers: bool = False) -> None:
        self.config = config
        self.for_workers = for_workers

    def stop(self) -> None:
        """Capture nothing more because of this call; harmless when called twice.

        Processes that are started from now on do not capture either.
        """
        if self in _captures:
            for ended in _when_stopped:
                ended(self.config)
            _captures.remove(self)
            _update_workers()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<keras_prov.capture of {self.config.dataflow_tag!r}>"


_captures: list[Capture] = []
_when_stopped: list[Callable[[CaptureConfig], None]] = []
_of_models: WeakIdentityMap[CaptureConfig] = WeakIdentityMap()

_declared: list[weakref.ref[CaptureConfig]] = []
"""All configurations, oldest first: `log` looks up which of them declared a name."""


def capture(
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    dataflow_tag: str | None = None,
    *,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
    progress: bool | None = None,
    steering: bool | Collection[str] | None = None,
) -> Capture:
    """Capture the trainings and tests of every model in this process from now on.

    Processes that it starts capture as well, once they import `keras_prov`. KERAS_PROV_WORKERS=0
    limits capture to this process.

    Args:
        hyps: what to capture, as ``{"LEARNING_RATE": True, "DECAY": False}``; its keys are those
            of `known_hyperparameters`. A list names the keys that are True, and ``"all"`` stands
            for every key that costs next to nothing. With nothing True, an execution and its
            metrics are still recorded. By default KERAS_PROV_CAPTURE, or ``capture`` in the
            project's settings.
        dataflow_tag: name of the dataflow; by default KERAS_PROV_TAG, else the script's name.
        adaptation: whether changes of the learning rate are captured; by default
            KERAS_PROV_ADAPTATION, else whether LEARNING_RATE is captured.
        hyperparameters: custom hyperparameters, as ``[("DROP", "NUMERIC")]``.
        values: their values, as ``{"DROP": 0.5}``; one without a value is NULL.
        store: URL of a MonetDB, ``monetdb://user:password@host:port/database``; by default
            KERAS_PROV_STORE, else the private server.
        progress: whether a notebook shows how far each training is; by default
            KERAS_PROV_PROGRESS, else False. Elsewhere nothing is shown.
        steering: whether the trainings may be steered while they run: True, False, or what may be
            asked of them, of ``["set", "stop", "stop-now", "pause", "resume", "checkpoint"]``; by
            default KERAS_PROV_STEERING, else False.

    Returns:
        A handle. Its `stop()` ends the capture, as does the end of a `with` block.

    Raises:
        TypeError: a value is of the wrong type.
        ValueError: a key or action is unknown, or a tag, a name or the store's URL is invalid.
        RuntimeError: a training is running already.
    """
    config = CaptureConfig.checked(
        dataflow_tag,
        hyps,
        hyperparameters,
        values,
        adaptation,
        store,
        progress=progress,
        steering=steering,
    )
    if fits.count:
        raise RuntimeError(
            "keras_prov.capture() was called during a training, which would be captured only in "
            "part. Call it before fit()."
        )
    return _start(config, for_workers=True)


def capture_in_process(*arguments: Any, **named: Any) -> Capture:
    """Capture in this process only; takes the arguments of `CaptureConfig.checked`."""
    return _start(CaptureConfig.checked(*arguments, **named), for_workers=False)


def capture_inherited() -> None:
    """Capture what a parent process asked for, if any did: see `workers`."""
    arguments = workers.inherited()
    if arguments is not None:
        _start(CaptureConfig.checked(**arguments), for_workers=False)


def log(values: Mapping[str, Any]) -> None:
    """Set values of custom hyperparameters, for trainings that begin from now on.

    They go to the newest `provenance()` or `capture()` that declared them. The callbacks of a
    training may still set them in `on_train_begin`.

    Example:
        >>> model.provenance("dropouts", hyperparameters=[("DROP", "NUMERIC")])
        >>> keras_prov.log({"DROP": 0.5})

    Args:
        values: name to value, as ``{"DROP": 0.5}``.

    Raises:
        TypeError: `values` is not a dictionary.
        ValueError: a name was not declared, or a value does not fit its type.
    """
    if not isinstance(values, Mapping):
        raise TypeError(
            f'Expected values by name, as in {{"DROP": 0.5}}. Received: {values!r} of type '
            f"{type(values).__name__}."
        )
    given = [(_config_declaring(name), name, value) for name, value in values.items()]
    for config, name, value in given:
        checked_values({name: value}, config.custom_hyperparameters)
    for config, name, value in given:
        config.values[name] = value
    _update_workers()


def declare(model: object, config: CaptureConfig) -> None:
    """Configure the capture of one model; raises RuntimeError once its fit has begun."""
    if fits.is_running(model):
        raise RuntimeError(
            "model.provenance() was called during this model's fit(), which would be captured only "
            "in part. Call it before fit()."
        )
    if fits.went_uncaptured(model) and not is_recorded_elsewhere(model):
        raise RuntimeError(
            "model.provenance() was called after this model's fit(), which was not captured. Call "
            "it before the first fit(), or call keras_prov.capture(…) to capture only trainings "
            "from now on."
        )
    request(model, config)


def request(model: object, config: CaptureConfig) -> None:
    """Configure the capture of one model from now on."""
    _of_models.set(model, config)
    _declared.append(weakref.ref(config))


def requested_config(model: object) -> CaptureConfig | None:
    """The configuration of `model`: from `provenance()`, else from the newest `capture()`."""
    config = _of_models.get(model)
    if config is not None:
        return config
    return _captures[-1].config if _captures else None


def when_stopped(then: Callable[[CaptureConfig], None]) -> None:
    """Call `then` with the configuration of a `capture()` that is stopped."""
    _when_stopped.append(then)


def requested_models() -> list[object]:
    """The live models whose capture was asked for one by one."""
    return _of_models.objects()


def is_capturing() -> bool:
    """Whether a `capture()` is in force in this process."""
    return bool(_captures)


def _start(config: CaptureConfig, *, for_workers: bool) -> Capture:
    handle = Capture(config, for_workers=for_workers)
    reinstate()
    _captures.append(handle)
    _declared.append(weakref.ref(config))
    _update_workers()
    return handle


def _update_workers() -> None:
    newest = next((handle.config for handle in reversed(_captures) if handle.for_workers), None)
    if newest is None:
        workers.publish(None)
    else:
        workers.publish(newest.arguments(), newest.client.store)


def _config_declaring(name: str) -> CaptureConfig:
    _declared[:] = [reference for reference in _declared if reference() is not None]
    for reference in reversed(_declared):
        config = reference()
        if config is not None and name in config.custom_hyperparameters:
            return config
    raise ValueError(
        f"A value was given for {name!r}, which is not declared. Declare it with "
        f"model.provenance(…, hyperparameters=[({name!r}, 'NUMERIC')])."
    )
