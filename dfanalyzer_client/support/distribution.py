"""The name under which we are installed: with TensorFlow, with another backend, without Keras."""

from __future__ import annotations

__all__ = ["NAMES", "install_command", "installed_name", "installed_version"]

NAMES = ("keras-prov", "keras-prov-core", "dfanalyzer-client")
"""The first two hold the same files, and the second requires no backend; the third has no Keras."""


def installed_name() -> str:
    """The name that pip knows us by; the first of them that is installed."""
    from importlib import metadata  # not above: no training needs it

    for name in NAMES:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        return name
    return NAMES[0]


def installed_version() -> str:
    """Our version; empty if we are not installed."""
    from importlib import metadata

    try:
        return metadata.version(installed_name())
    except metadata.PackageNotFoundError:
        return ""


def install_command(extra: str) -> str:
    """The pip command that installs an extra, and no other backend."""
    return f"pip install '{installed_name()}[{extra}]'"
