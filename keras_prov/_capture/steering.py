"""What may be asked of a running training, as the user has said it, checked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from dfanalyzer_client.config import settings
from dfanalyzer_client.declarations.steering import SteeringAction
from dfanalyzer_client.errors import DfAnalyzerError

__all__ = ["SteeringChoice", "checked_steering"]

SteeringChoice: TypeAlias = bool | Collection[str]
"""What a user may give as `steering`: True for everything, False, or the names of actions."""


def checked_steering(given: SteeringChoice | None) -> frozenset[SteeringAction]:
    """The actions that may be asked for; None is what the settings say.

    Who may pause a training may also let it go on.

    Raises:
        TypeError: `given` is neither True, False nor a collection of texts.
        ValueError: an action is unknown.
        DfAnalyzerError: what the settings say is none of these.
    """
    if given is not None:
        return _actions(given, "steering")
    chosen, origin = settings.steering()
    try:
        return _actions(chosen, origin)
    except ValueError as error:
        raise DfAnalyzerError(str(error)) from None


def _actions(given: SteeringChoice, origin: str) -> frozenset[SteeringAction]:
    if isinstance(given, bool):
        return frozenset(SteeringAction) if given else frozenset()
    if isinstance(given, str) or not isinstance(given, Collection):
        raise TypeError(
            "Whether a training may be steered is True, False, or a list of what may be asked, as "
            f'in steering=["set", "stop"]. Received: {given!r:.200} of type '
            f"{type(given).__name__}."
        )
    found = frozenset(_action(name, origin) for name in given)
    return found | {SteeringAction.RESUME} if SteeringAction.PAUSE in found else found


def _action(name: Any, origin: str) -> SteeringAction:
    try:
        return SteeringAction(name)
    except ValueError:
        raise ValueError(
            f"{origin} lists what may be asked of a training: "
            f"{', '.join(SteeringAction)}. Received: {name!r:.200}."
        ) from None
