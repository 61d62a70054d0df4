"""Whether a variable of an optimizer may have been assigned, known without reading its content.

PyTorch counts the changes of a tensor. JAX's arrays never change, so an assignment puts another one
into the variable; Keras does that itself after each epoch, with what its compiled step returned.
TensorFlow shows nothing, so there a callback of the user's is taken for an assignment.

Not seen are assignments that bypass all of this: those of another thread on TensorFlow and JAX,
and those to `tensor.data` on PyTorch. Nothing here keeps an array alive, least of all one that JAX
donates to its next step: references are weak.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Protocol

import keras

from .able_callbacks import DURING_EPOCH, EPOCH_BEGIN, EPOCH_END, able_callbacks

__all__ = ["AssignmentWatch", "assignment_watch"]


class AssignmentWatch(Protocol):
    """Watches one variable."""

    def seen(self) -> None:
        """What is known of the variable holds now."""

    def epoch_is_done(self, assignments: int) -> None:
        """Keras has trained an epoch, in which its steps assigned to the variable so often.

        Called before the user's callbacks for the end of the epoch.
        """

    def may_be_assigned(self) -> bool:
        """Whether something but Keras' steps may have assigned to it since `seen`."""


def assignment_watch(variable: Any, callbacks: Sequence[Any]) -> AssignmentWatch:
    """The watch for a variable of the backend in use, in a training with the user's `callbacks`."""
    backend = keras.backend.backend()
    if backend == "torch":
        return _CountedAssignments(variable)
    if backend == "jax":
        return _ReplacedArrays(variable, bool(able_callbacks(callbacks, DURING_EPOCH)))
    hooks = EPOCH_BEGIN + DURING_EPOCH + EPOCH_END
    return _UnseenAssignments(bool(able_callbacks(callbacks, hooks)))


class _CountedAssignments:
    """PyTorch: every change of a tensor in place increases its version."""

    def __init__(self, variable: Any) -> None:
        self._variable = variable
        self.seen()

    def seen(self) -> None:
        value = self._variable._value
        self._tensor: weakref.ref[Any] = weakref.ref(value)
        self._version = _version_of(value)

    def epoch_is_done(self, assignments: int) -> None:
        if self._version is not None:
            self._version += assignments

    def may_be_assigned(self) -> bool:
        tensor, version = self._tensor(), self._version
        if tensor is None or version is None or tensor is not self._variable._value:
            return True
        return bool(tensor._version != version)


class _ReplacedArrays:
    """JAX: an assignment replaces the array.

    Args:
        variable: the variable.
        during_epoch: whether a callback of the user's runs between the batches. It may synchronize
            the variables with Keras' state and assign, and the next step would replace the array.
    """

    def __init__(self, variable: Any, during_epoch: bool) -> None:
        self._variable, self._during_epoch = variable, during_epoch
        self.seen()

    def seen(self) -> None:
        self._in_doubt = False
        self._array = _weak(self._variable._value)

    def epoch_is_done(self, assignments: int) -> None:
        self._in_doubt = self._in_doubt or self._during_epoch
        self._array = _weak(self._variable._value)

    def may_be_assigned(self) -> bool:
        array = self._array() if self._array is not None else None
        return self._in_doubt or array is None or array is not self._variable._value


class _UnseenAssignments:
    """TensorFlow: a variable of a graph does not show that it was assigned."""

    def __init__(self, is_possible: bool) -> None:
        self._is_possible = is_possible

    def seen(self) -> None:
        pass

    def epoch_is_done(self, assignments: int) -> None:
        pass

    def may_be_assigned(self) -> bool:
        return self._is_possible


def _version_of(tensor: Any) -> int | None:
    """How often a tensor was changed; None for one of `torch.inference_mode`, which counts none."""
    return None if tensor.is_inference() else int(tensor._version)


def _weak(array: Any) -> weakref.ref[Any] | None:
    """None for no array: Keras takes them out of the variables while it trains with JAX."""
    return None if array is None else weakref.ref(array)
