"""Under which name we are installed: with TensorFlow, or with a backend of the user's choice."""

from __future__ import annotations

__all__ = ["NAMES", "install_command", "installed_name"]

NAMES = ("keras-prov", "keras-prov-core")
"""Both hold the same files; the second requires no backend."""


def installed_name() -> str:
    """The name that pip knows us by; the first where nothing is installed, or both are."""
    from importlib import metadata  # a training needs it not

    for name in NAMES:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        return name
    return NAMES[0]


def install_command(extra: str) -> str:
    """The pip line that adds an extra to what is installed, and brings no other backend."""
    return f"pip install '{installed_name()}[{extra}]'"
