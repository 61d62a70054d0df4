"""``enable_lora`` and ``quantize``: which layers they change, as a step of its own.

Keras has them in layers, each class its own; a model's `quantize`, and the `enable_lora` of a
backbone of KerasHub, call those of their layers and count as one step. A layer that is built with a
``lora_rank``, as a loaded or cloned one is, calls `enable_lora` itself, which is no step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import keras

from dfanalyzer_client.support.clock import utc_now
from dfanalyzer_client.support.error_text import error_text

from .._guard import guarded
from .._inspection.describe import describe
from .._inspection.layer_states import changed_layers, states_within
from .._instrumentation.call_arguments import bound_arguments
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch, defining_class
from .._instrumentation.post_import import WhenImported
from .._notebook.places import place_now
from .._tracking.frames import users_frame
from .._tracking.modifications import Modification, outermost
from .._training.modifications import keep_modification

__all__ = ["PATCHES"]

LORA, QUANTIZE = "enable_lora", "quantize"
HUB = "keras_hub.src.models.backbone"

_guard = guarded("enable_lora() or quantize()", lost="which layers it changes")


class _WatchedStep:
    """One call, and the states of the layers before it."""

    def __init__(
        self, step: str, original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        bound = bound_arguments(original, args, kwargs)
        given = dict(bound.arguments) if bound is not None else {}
        given.pop("self", None)
        given.update(given.pop("kwargs", {}))
        frame = users_frame(sys._getframe(2))
        place = place_now(frame.f_code.co_filename, frame.f_lineno) if frame else None
        shown = describe({name: value for name, value in given.items() if value is not None})
        self._modification = Modification(
            step, utc_now(), shown, None if place is None else str(place)
        )
        self._before = states_within(args[0])

    def ended(self, error: BaseException | None) -> None:
        """Record what is not as it was before."""
        self._modification.ended = utc_now()
        self._modification.error = None if error is None else error_text(error)
        changed = list(changed_layers(self._before))
        for layer, change in changed:
            self._modification.layers.set(layer, change)
        if changed:
            keep_modification(self._modification)


def _around(step: str, original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with outermost() as is_first:
        watched: _WatchedStep | None = None
        if is_first:
            with _guard:
                if not _is_building(sys._getframe(3)):
                    watched = _WatchedStep(step, original, args, kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            _ended(watched, error)
            raise
        _ended(watched, None)
        return result


def _ended(watched: _WatchedStep | None, error: BaseException | None) -> None:
    if watched is not None:
        with _guard:
            watched.ended(error)


def _is_building(caller: FrameType) -> bool:
    """Whether a layer of Keras calls it because it is built."""
    return caller.f_code.co_name == "build" and "keras" in caller.f_globals.get("__name__", "")


def _around_lora(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return _around(LORA, original, args, kwargs)


def _around_quantize(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return _around(QUANTIZE, original, args, kwargs)


def _definers(method: str) -> Iterator[type]:
    """The classes of Keras that define the method for layers, each once."""
    layers = [each for each in vars(keras.layers).values() if isinstance(each, type)]
    found = {
        defining_class(each, method): None
        for each in [*layers, keras.Model]
        if issubclass(each, keras.Layer) and hasattr(each, method)
    }
    return (each for each in found if each is not keras.Layer)  # whose own only raises


def _hub_changes() -> list[Change]:
    return [Patch(lambda: sys.modules[HUB].Backbone, LORA, _around_lora)]


PATCHES: tuple[Change, ...] = (
    *(Patch(each, LORA, _around_lora) for each in _definers(LORA)),
    *(Patch(each, QUANTIZE, _around_quantize) for each in _definers(QUANTIZE)),
    WhenImported(HUB, _hub_changes, "LoRA of backbones"),
)
