"""That an execution continues another one, otherwise: what is known of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._artifacts.model_files import FileFact

__all__ = ["Continuation"]


class Continuation:
    """What an execution continues, and which weights it goes on with; see `continue_from`.

    Layers are named by their paths within the model. Of a model that its first batch builds, they
    are known once the training has begun.

    Attributes:
        execution: tag of the execution that is continued.
        epoch: how many epochs it has trained, to be given to ``fit(initial_epoch=…)``.
        source: where weights come from: a file, or ``the model``; None if none are taken over.
        taken: the layers whose weights were taken over.
        left_out: layers that both models have, whose weights do not fit, and why.
        new: layers with weights that the model before did not have.
        layers: of the execution that is continued, as `Run.layers` has them.
        hyperparameters: of its last training, by name.
        files: files that weights were read from, as they are to be recorded.
        earlier: the model that weights are taken from, until they are.
        is_applied: whether weights have been taken over, or none are to be.
    """

    def __init__(
        self,
        execution: str,
        epoch: int,
        layers: Sequence[dict[str, Any]],
        hyperparameters: Mapping[str, Any],
    ) -> None:
        self.execution, self.epoch = execution, epoch
        self.source: str | None = None
        self.taken: tuple[str, ...] = ()
        self.left_out: Mapping[str, str] = {}
        self.new: tuple[str, ...] = ()
        self.layers, self.hyperparameters = layers, hyperparameters
        self.files: Sequence[FileFact] = ()
        self.earlier: Any = None
        self.is_applied = True

    def __repr__(self) -> str:
        parts = [f"continues {self.execution!r} from epoch {self.epoch}"]
        if self.source is None:
            parts.append("with weights of its own")
        elif not self.is_applied:
            parts.append(f"with weights of {self.source} once the model is built")
        else:
            parts.append(f"with weights of {self.source}")
            parts += [f"taken: {', '.join(self.taken) or 'none'}"]
            parts += [f"new: {', '.join(self.new)}"] if self.new else []
            left_out = (f"{name} ({why})" for name, why in self.left_out.items())
            parts += [f"left out: {', '.join(left_out)}"] if self.left_out else []
        return f"<Continuation: {'; '.join(parts)}>"
