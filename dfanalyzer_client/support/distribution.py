"""The name under which we are installed: with TensorFlow, or with a backend that users choose."""

from __future__ import annotations

__all__ = ["NAMES", "install_command", "installed_name"]

NAMES = ("keras-prov", "keras-prov-core")
"""Both hold the same files; the second requires no backend."""


def installed_name() -> str:
    """The name that pip knows us by; the first one if neither or both are installed."""
    from importlib import metadata  # not above: no training needs it

    for name in NAMES:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        return name
    return NAMES[0]


def install_command(extra: str) -> str:
    """The pip command that installs an extra, and no other backend."""
    return f"pip install '{installed_name()}[{extra}]'"
