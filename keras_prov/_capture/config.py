"""What a user has asked to be captured, checked by the call that asked for it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.declarations.names import checked_dataflow_tag, storable_tag
from dfanalyzer_client.declarations.steering import SteeringAction
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.delivery.clients import client_for
from dfanalyzer_client.transformation import Transformation

from .._notebook.name import notebook_name
from .._notebook.shell import run_script
from .choice import Choice, Hyps, checked_choice, choice_of_text
from .custom_hyperparameters import checked_custom, checked_values
from .steering import SteeringChoice, checked_steering

__all__ = ["CaptureConfig"]


@dataclass(frozen=True, eq=False)
class CaptureConfig:
    """What to capture, and where to record it.

    Attributes:
        dataflow_tag: the dataflow's name.
        choice: what is True in the dictionary.
        custom_hyperparameters: name to type.
        values: their values; `log` adds to them.
        adaptation: whether changes of the learning rate are captured.
        client: where it is recorded.
        transformations: the user's own, for the dataflow.
        progress: whether a notebook shows how far a training is.
        steering: what may be asked of its trainings while they run; empty for nothing.
    """

    dataflow_tag: str
    choice: Choice
    custom_hyperparameters: Mapping[str, str]
    values: dict[str, Any]
    adaptation: bool
    client: Client = field(repr=False)
    transformations: tuple[Transformation, ...] = ()
    progress: bool = False
    steering: frozenset[SteeringAction] = frozenset()

    @classmethod
    def checked(
        cls,
        dataflow_tag: str | None,
        hyps: Hyps | None,
        hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        values: Mapping[str, Any] | None = None,
        adaptation: bool | None = None,
        store: str | StoreURL | None = None,
        transformations: Mapping[str, Transformation] | Sequence[Transformation] = (),
        progress: bool | None = None,
        steering: SteeringChoice | None = None,
    ) -> CaptureConfig:
        """Check everything that a user gave.

        Raises:
            TypeError: a value is of the wrong type.
            ValueError: a key or an action of steering is unknown, a name is taken, or a tag or
                store URL is invalid.
        """
        settings.check()
        choice = _chosen_in_settings() if hyps is None else checked_choice(hyps)
        tag = dataflow_tag
        if tag is None:
            tag = settings.dataflow_tag() or _script_name()
        checked_dataflow_tag(tag)
        custom = checked_custom(hyperparameters)
        if not (adaptation is None or isinstance(adaptation, bool)):
            raise TypeError(
                "Whether to capture adaptations is True or False. "
                f"Received: adaptation={adaptation!r}."
            )
        if not (progress is None or isinstance(progress, bool)):
            raise TypeError(
                f"Whether to show progress is True or False. Received: progress={progress!r}."
            )
        if adaptation is None:
            adaptation = settings.adaptation()
        return cls(
            dataflow_tag=tag,
            choice=choice,
            custom_hyperparameters=custom,
            values=checked_values(values or {}, custom),
            adaptation="LEARNING_RATE" in choice.keys if adaptation is None else adaptation,
            client=client_for(store),
            transformations=_checked_transformations(transformations),
            progress=settings.progress() if progress is None else progress,
            steering=checked_steering(steering),
        )

    def arguments(self) -> dict[str, Any]:
        """The arguments of `checked` that create it again, except the store."""
        choice = self.choice
        hyps: dict[str, bool | float] = dict.fromkeys([*choice.keys, *sorted(choice.named)], True)
        numbers = {"BATCH_METRICS": choice.every_batch, "SYSTEM_METRICS": choice.system_seconds}
        return {
            "dataflow_tag": self.dataflow_tag,
            "hyps": hyps | {key: number for key, number in numbers.items() if key in hyps},
            "hyperparameters": dict(self.custom_hyperparameters),
            "values": self.values,
            "adaptation": self.adaptation,
            "steering": sorted(self.steering),
        }


def _checked_transformations(
    given: Mapping[str, Transformation] | Sequence[Transformation],
) -> tuple[Transformation, ...]:
    found: Any = given.values() if isinstance(given, Mapping) else given
    # scripts of the first Keras-Prov pass {}, and some None; both stand for none
    listed = tuple(found or ()) if isinstance(found, (Iterable, type(None))) else (found,)
    for each in listed:
        if not isinstance(each, Transformation):
            raise TypeError(
                "Expected Transformation objects, in a list or as the values of a dictionary, as "
                "in transformations=[Transformation('Loading', [Set(…)])]. "
                f"Received: {each!r} of type {type(each).__name__}."
            )
    return listed


def _chosen_in_settings() -> Choice:
    value, origin = settings.capture()
    try:
        return checked_choice(choice_of_text(value) if isinstance(value, str) else value or {})
    except (TypeError, ValueError) as error:
        raise type(error)(f"{origin}: {error}") from None


def _script_name() -> str:
    """The name of the script, or of the notebook, without its suffix."""
    notebook = None if run_script() else notebook_name()
    path = Path(notebook or (sys.argv[0] if sys.argv else ""))
    name = path.parent.name if path.stem == "__main__" else path.stem
    return storable_tag(name) if name not in ("", "-", "-c") else "keras"
