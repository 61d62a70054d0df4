"""What may be set from outside: the argument first, then the environment, then a default.

=========================== ============================================== ====================
variable                    meaning                                        default
=========================== ============================================== ====================
``KERAS_PROV_HOME``         folder of journals and of the private server   the user's data folder
``KERAS_PROV_STORE``        URL of the MonetDB to write to                 the private server
``KERAS_PROV_SERVER_IDLE``  minutes without a client after which the       30; 0: never
                            private server stops by itself
``KERAS_PROV_ARTIFACTS``    folder or fsspec URL of stored models          ``artifacts`` at home
``KERAS_PROV_STRICT``       1: our own failures raise in the training      0: they are logged
``KERAS_PROV_FSYNC``        1: what was said is safe from a power cut, too  0: from a kill alone
``KERAS_PROV_EXIT_FLUSH``   seconds that the end of the process may wait   5
                            for what is not yet stored
=========================== ============================================== ====================
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import DfAnalyzerError
from .url import StoreURL

__all__ = [
    "artifacts",
    "check",
    "exit_flush_seconds",
    "fsync",
    "home",
    "idle_minutes",
    "store_url",
    "strict",
]

IDLE_MINUTES = 30.0
EXIT_FLUSH_SECONDS = 5.0


def home(argument: str | os.PathLike[str] | None = None) -> Path:
    """The data folder, absolute; not created here."""
    chosen = argument or os.environ.get("KERAS_PROV_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path  # here: `import keras_prov` does not need it

    return user_data_path("keras-prov", appauthor=False)


def store_url(argument: str | StoreURL | None = None) -> StoreURL | None:
    """The store that was named, or None for the private server; raises StoreURLError."""
    chosen = argument or os.environ.get("KERAS_PROV_STORE")
    return StoreURL.parse(chosen) if chosen else None


def artifacts(argument: str | None = None) -> str | None:
    """URL of the artifact store, or None for the folder ``artifacts`` of the data folder."""
    return argument or os.environ.get("KERAS_PROV_ARTIFACTS") or None


def idle_minutes(argument: float | None = None) -> float:
    """Minutes without a client after which the private server stops; 0 means never."""
    return _number("KERAS_PROV_SERVER_IDLE", argument, IDLE_MINUTES)


def exit_flush_seconds(argument: float | None = None) -> float:
    """Seconds the interpreter's exit may wait for messages on their way to the store."""
    return _number("KERAS_PROV_EXIT_FLUSH", argument, EXIT_FLUSH_SECONDS)


def strict() -> bool:
    """Whether our own failures raise (KERAS_PROV_STRICT=1) instead of being logged."""
    return _is_on("KERAS_PROV_STRICT")


def fsync() -> bool:
    """Whether each message is forced to the disk (KERAS_PROV_FSYNC=1)."""
    return _is_on("KERAS_PROV_FSYNC")


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


def check() -> None:
    """Raise DfAnalyzerError for a variable whose value cannot be: at the user's call, not later."""
    idle_minutes()
    exit_flush_seconds()


def _number(variable: str, argument: float | None, default: float) -> float:
    text = os.environ.get(variable, "") if argument is None else str(argument)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise DfAnalyzerError(f"{variable} must be a number, 0 or more. Received: {text!r}.")
    return number
