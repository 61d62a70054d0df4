"""Settings of a project: the table ``[tool.keras_prov]`` of its pyproject.toml.

The nearest file with that table is used, from the working directory up to the repository's root
(the folder with ``.git``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..errors import DfAnalyzerError
from ..support.accounts import TRUST, user_name
from ..support.safe_home import is_trusted_file
from .table import SETTINGS

__all__ = ["ProjectSettings", "project_settings"]

KEYS = tuple(setting.key for setting in SETTINGS if setting.of_project)
DIRECTING = tuple(setting.key for setting in SETTINGS if setting.directs)
"""They determine where captured data go, so only a trusted file may set them."""

MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class ProjectSettings:
    """The settings in a project's file.

    Attributes:
        path: the file; None if there is none.
        values: by key.
    """

    path: Path | None = None
    values: Mapping[str, Any] | None = None

    def get(self, key: str) -> Any:
        """The value of `key`, or None."""
        return (self.values or {}).get(key)

    def origin(self, key: str) -> str:
        """Where a value is set, for messages."""
        return f"{key} of [tool.keras_prov] in {self.path}"


def project_settings() -> ProjectSettings:
    """The settings that apply in the working directory.

    Raises:
        DfAnalyzerError: the file is not TOML, has an unknown key, or belongs to somebody else and
            sets where captured data go.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was removed while we were in it
        return ProjectSettings()
    return _settings_at(here)


@functools.lru_cache(maxsize=16)
def _settings_at(folder: Path) -> ProjectSettings:
    for path in _files_above(folder):
        table = _table(path)
        if table is not None:
            return ProjectSettings(path, table)
    return ProjectSettings()


def _files_above(folder: Path) -> Iterator[Path]:
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file():
            yield parent / "pyproject.toml"
        if (parent / ".git").exists():
            return


def _table(path: Path) -> Mapping[str, Any] | None:
    import tomllib  # here: `import keras_prov` reads no settings

    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise DfAnalyzerError(f"{path} is larger than {MAX_BYTES} bytes, so it is not read.")
        content = tomllib.loads(text.decode())
    except OSError:
        return None  # we may not read it
    except ValueError as error:
        raise DfAnalyzerError(f"{path} is not valid TOML: {error}") from None
    table = content.get("tool", {}).get("keras_prov")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise DfAnalyzerError(f"[tool.keras_prov] in {path} must be a table. Received: {table!r}.")
    for key in table:
        if key not in KEYS:
            import difflib

            near = difflib.get_close_matches(key, KEYS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise DfAnalyzerError(
                f"Unknown key {key!r} of [tool.keras_prov] in {path}.{meant} "
                f"Expected one of {', '.join(KEYS)}."
            )
    if not table.keys().isdisjoint(DIRECTING) and not is_trusted_file(path):
        _refuse(path)
    return table


def _refuse(path: Path) -> NoReturn:
    owner = user_name(path.stat().st_uid)
    raise DfAnalyzerError(
        f"{path} belongs to {owner}, or everybody may write to it, and its [tool.keras_prov] sets "
        f"where captured data go ({', '.join(DIRECTING)}). If you trust that account, set "
        f"{TRUST}={owner}. Otherwise work in a folder of your own, or remove those keys."
    )
