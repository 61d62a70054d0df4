"""Read settings: from an argument, else from the environment, the project, or the default.

`table` lists the settings. An empty variable counts as not set. The project's settings are those
of `project_file`; relative paths in them start at the file's folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DfAnalyzerError
from .author import Author, checked_licence
from .project_file import project_settings
from .store_url import StoreURL
from .table import ALL, BY_KEY, LEAVE_OUT, SETTINGS

__all__ = [
    "adaptation",
    "artifacts",
    "author",
    "batch_seconds",
    "batches_per_row",
    "capture",
    "check",
    "checked_token",
    "container_image",
    "dataflow_tag",
    "exit_flush_seconds",
    "fsync",
    "graph_password",
    "home",
    "idle_minutes",
    "key_password",
    "leaves_out_misfits",
    "licence",
    "openlineage_key",
    "progress",
    "prov_base",
    "records_all_replicas",
    "retention_days",
    "steering",
    "store_url",
    "strict",
    "token",
    "workers",
]

TOKEN_CHARACTERS = 16
ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def home(argument: str | os.PathLike[str] | None = None) -> Path:
    """The data folder, absolute; not created here."""
    chosen = argument or _path("home")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path  # here: `import keras_prov` does not need it

    return user_data_path("keras-prov", appauthor=False)


def store_url(argument: str | StoreURL | None = None) -> StoreURL | None:
    """The store's URL, or None for the private server; raises StoreURLError."""
    chosen = argument or _text("store")[0]
    return StoreURL.parse(chosen) if chosen else None


def artifacts(argument: str | None = None) -> str | None:
    """URL of the artifact store, or None for the folder ``artifacts`` of the data folder."""
    return argument or _path("artifacts") or None


def idle_minutes(argument: float | None = None) -> float:
    """Minutes without a client after which the private server stops; 0 means never."""
    return _number("server_idle", argument)


def exit_flush_seconds(argument: float | None = None) -> float:
    """Seconds that the interpreter's exit may wait for messages that are not stored yet."""
    return _number("exit_flush", argument)


def batch_seconds(argument: float | None = None) -> float:
    """Seconds that messages may wait for others, to be stored in one transaction with them."""
    return _number("batch", argument)


def batches_per_row() -> float:
    """Calls of `train_on_batch` outside of a block that become one row; 0: one row for all."""
    return _number("batches_per_row")


def retention_days(argument: float | None = None) -> float:
    """Days to keep a journal that a server has stored; the private server's are always kept."""
    return _number("retention", argument)


def graph_password() -> str | None:
    """Password of the graph database (KERAS_PROV_GRAPH_PASSWORD), never from a project's file."""
    return os.environ.get("KERAS_PROV_GRAPH_PASSWORD") or None


def key_password() -> str | None:
    """Password of a private key (KERAS_PROV_KEY_PASSWORD), never from a project's file."""
    return os.environ.get("KERAS_PROV_KEY_PASSWORD") or None


def openlineage_key() -> str | None:
    """API key of an OpenLineage server (KERAS_PROV_OPENLINEAGE_KEY), never from a file."""
    return os.environ.get("KERAS_PROV_OPENLINEAGE_KEY") or None


def token() -> str | None:
    """The bearer token of the service (KERAS_PROV_TOKEN), never from a project's file."""
    text = os.environ.get("KERAS_PROV_TOKEN", "")
    return checked_token(text, "KERAS_PROV_TOKEN") if text else None


def checked_token(text: str, origin: str) -> str:
    """`text` if it can be a bearer token (RFC 6750); raises DfAnalyzerError, without showing it."""
    if len(text) < TOKEN_CHARACTERS or not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text):
        raise DfAnalyzerError(
            f"The token of {origin} must have {TOKEN_CHARACTERS} or more letters, digits and "
            "-._~+/ (RFC 6750). `openssl rand -hex 32` creates one."
        )
    return text


def workers() -> bool:
    """Whether `capture()` also applies in the processes that its process starts."""
    return _text("workers")[0].lower() not in OFF


def strict() -> bool:
    """Whether our own failures raise (KERAS_PROV_STRICT=1) instead of being logged."""
    try:
        return _is_on("strict")
    except DfAnalyzerError:
        return False  # this may be called in a training; `check` raised at the user's call


def progress() -> bool:
    """Whether a notebook shows how far each training is (KERAS_PROV_PROGRESS=1)."""
    return _is_on("progress")


def fsync() -> bool:
    """Whether each message is forced to the disk (KERAS_PROV_FSYNC=1)."""
    return _is_on("fsync")


def leaves_out_misfits() -> bool:
    """Whether a task is stored without the values that do not fit (KERAS_PROV_MISFITS=leave_out).

    Raises:
        DfAnalyzerError: the setting has a value that it may not have.
    """
    return _choice("misfits") == LEAVE_OUT


def records_all_replicas() -> bool:
    """Whether each process of a training records it (KERAS_PROV_REPLICAS=all), not only the first.

    An invalid value counts as not set: this is called in trainings.
    """
    return _text("replicas")[0] == ALL


def capture() -> tuple[str | Mapping[str, Any] | None, str]:
    """What to capture, as text or as a table (None if it is not set), and where it is set."""
    variable = "KERAS_PROV_CAPTURE"
    text, value = os.environ.get(variable, ""), project_settings().get("capture")
    if text or value is None:
        return text or None, variable
    if isinstance(value, list) and all(isinstance(key, str) for key in value):
        value = ",".join(value)
    if not isinstance(value, (str, dict)):
        raise DfAnalyzerError(
            f"{project_settings().origin('capture')} must be 'all', a list of keys, or a table of "
            f"keys with true or false. Received: {value!r}."
        )
    return value, project_settings().origin("capture")


def dataflow_tag() -> str | None:
    """The dataflow's name, if the user's call does not give it."""
    return _text("tag")[0] or None


def adaptation() -> bool | None:
    """Whether changes of the learning rate are captured; None if it is not set."""
    text, origin = _text("adaptation")
    if not text:
        return None
    if text.lower() not in (*ON, *OFF):
        raise DfAnalyzerError(f"{origin} must be 1 or 0. Received: {text!r}.")
    return text.lower() in ON


def steering() -> tuple[bool | tuple[str, ...], str]:
    """Whether trainings may be steered, or the names of what may be asked; and where it is set.

    The names are not checked here.
    """
    value = project_settings().get("steering")
    if isinstance(value, list) and not os.environ.get(BY_KEY["steering"].variable):
        if not all(isinstance(name, str) for name in value):
            raise DfAnalyzerError(
                f"{project_settings().origin('steering')} must be true, false or a list of "
                f'actions, as in ["set", "stop"]. Received: {value!r}.'
            )
        return tuple(value), project_settings().origin("steering")
    text, origin = _text("steering")
    if text.lower() in ("", *ON, *OFF):
        return text.lower() in ON, origin
    return tuple(name.strip() for name in text.split(",") if name.strip()), origin


def author(argument: str | None = None) -> Author | None:
    """The author of what is published, or None; raises DfAnalyzerError for an invalid one."""
    text, origin = (argument, "The author") if argument else _text("author")
    return Author.parse(text, origin) if text else None


def licence(argument: str | None = None) -> str | None:
    """SPDX id or URL of its licence, or None; raises DfAnalyzerError for an invalid one."""
    text, origin = (argument, "The licence") if argument else _text("license")
    return checked_licence(text, origin) if text else None


def container_image() -> str | None:
    """The image of the container that this process runs in, or None if it is not set."""
    return _text("container_image")[0] or None


def prov_base(argument: str | None = None) -> str | None:
    """IRI that identifiers in PROV documents begin with, or None."""
    return argument or _text("base")[0] or None


def check() -> None:
    """Raise DfAnalyzerError for an invalid setting, at the user's call and not later."""
    for setting in SETTINGS:
        if setting.is_checked:
            read = _number if setting.number is not None else _choice if setting.choices else _text
            read(setting.key)


def _text(key: str) -> tuple[str, str]:
    """A setting as text, empty if it is not set, and where it is set."""
    variable = BY_KEY[key].variable
    text = os.environ.get(variable, "")
    value = None if text else project_settings().get(key)
    if value is None:
        return text, variable
    if not isinstance(value, (str, int, float)):  # bool is an int
        shown = type(value).__name__ if BY_KEY[key].may_hold_password else repr(value)
        raise DfAnalyzerError(
            f"{project_settings().origin(key)} must be a text, a number, true or false. "
            f"Received: {shown}."
        )
    plain = str(int(value)) if isinstance(value, bool) else str(value)
    return plain, project_settings().origin(key)


def _path(key: str) -> str:
    """A setting that is a path or a URL; a project's relative path starts at its file's folder."""
    text, origin = _text(key)
    file = project_settings().path if text and not origin.startswith("KERAS_PROV_") else None
    if file is None or "://" in text:
        return text
    return str(file.parent / Path(text).expanduser())


def _is_on(key: str) -> bool:
    return _text(key)[0].lower() not in ("", *OFF)


def _choice(key: str) -> str:
    choices = BY_KEY[key].choices
    text, origin = _text(key)
    if text and text not in choices:
        raise DfAnalyzerError(f"{origin} must be {' or '.join(choices)}. Received: {text!r}.")
    return text or choices[0]


def _number(key: str, argument: float | None = None) -> float:
    setting = BY_KEY[key]
    text, origin = _text(key) if argument is None else (str(argument), setting.variable)
    if not text:
        return setting.number or 0.0
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise DfAnalyzerError(f"{origin} must be a number, 0 or more. Received: {text!r}.")
    return number
