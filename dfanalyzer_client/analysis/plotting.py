"""Draw a result, with a library that is only loaded then."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["plotted"]


def plotted(kind: str, result: object, options: Mapping[str, Any]) -> Any:
    """What ``plots.plot_<kind>(result, **options)`` draws.

    The module is named, not imported, so that it can import the results' classes.
    """
    return getattr(import_module(".plots", __package__), f"plot_{kind}")(result, **options)
