"""The environment of an execution, from the rows of ``iEnvironment`` of its trainings."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..keras_schema import names as tags
from ..keras_schema.names import MASK
from .record import ExecutionRecord

__all__ = ["KNOWN_SOFTWARE", "Environment", "Source", "environment_of"]

KNOWN_SOFTWARE = {
    "keras": ("Keras", "https://keras.io/"),
    "tensorflow": ("TensorFlow", "https://www.tensorflow.org/"),
    "jax": ("JAX", "https://docs.jax.dev/"),
    "torch": ("PyTorch", "https://pytorch.org/"),
}
"""Title and homepage of Keras and its backends, by the names that Keras uses."""


@dataclass(frozen=True)
class Source:
    """The commit that the script's folder was at.

    Attributes:
        url: the repository's URL for a browser; None if no remote was recorded.
        is_dirty: whether files differed from the commit; None if git did not tell.
    """

    commit: str
    repository: str | None = None
    remote: str | None = None
    url: str | None = None
    branch: str | None = None
    is_dirty: bool | None = None

    @property
    def commit_url(self) -> str | None:
        """The web page of the commit, on GitHub or GitLab; else None."""
        host = re.match(r"https://(github\.com|gitlab\.com)/", self.url or "")
        if host is None:
            return None
        dash = "/-" if host[1] == "gitlab.com" else ""
        return f"{self.url}{dash}/tree/{self.commit}"


@dataclass(frozen=True)
class Environment:
    """Values by kind and name; empty if ENVIRONMENT was not captured.

    The trainings of an execution may have run in different environments. Then a name has several
    values, in order and without repetitions.
    """

    values: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values)

    def first(self, kind: str, name: str) -> str | None:
        """The value that the first training had, or None."""
        found = self.values.get(kind, {}).get(name)
        return found[0] if found else None

    def latest(self, kind: str, name: str) -> str | None:
        """The value that the last training had, or None."""
        return self.last(kind).get(name) or None

    def last(self, kind: str) -> dict[str, str]:
        """The values of a kind that the last training had."""
        return {name: values[-1] for name, values in self.values.get(kind, {}).items()}

    @property
    def source(self) -> Source | None:
        """The commit, where one was recorded."""
        git = self.last("git")
        if not git.get("commit"):
            return None
        remote, dirty = git.get("remote"), git.get("dirty")
        return Source(
            git["commit"],
            git.get("repository"),
            remote,
            _browsable(remote),
            git.get("branch"),
            None if dirty is None else dirty == "true",
        )

    def as_json(self) -> dict[str, Any]:
        """The values for a JSON file: one value per name, or a list if it has several."""
        return {
            kind: {
                name: values[0] if len(values) == 1 else values for name, values in names.items()
            }
            for kind, names in self.values.items()
        }

    def requirements(self) -> str:
        """The packages as a requirements file; empty if none were recorded."""
        packages = self.last("package")
        return "".join(f"{name}=={version}\n" for name, version in packages.items() if version)


def environment_of(record: ExecutionRecord) -> Environment:
    """The environment of all trainings of an execution."""
    values: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for row in record.rows_of(tags.ENVIRONMENT):
        fields = [row.get(key) for key in ("kind", "name", "value")]
        if None in fields:  # a set of the user's own, with that name
            continue
        kind, name, value = map(str, fields)
        known = values[kind].setdefault(name, [])
        if known[-1:] != [value]:
            known.append(value)
    return Environment(dict(values))


def _browsable(remote: str | None) -> str | None:
    """A remote's URL for a browser; None if it is a folder, or a part of it is masked."""
    if remote is None:
        return None
    text = re.sub(rf"^(https?://){MASK}@", r"\1", remote)  # drop a masked login
    scp = re.fullmatch(r"(?:ssh://)?[\w.-]+@([\w.-]+)[:/](?!\d+/)([^:]+)", text)
    if scp:
        text = f"https://{scp[1]}/{scp[2]}"
    if not re.match(r"https?://\w", text) or MASK in text or "@" in text:
        return None
    return text.removesuffix("/").removesuffix(".git")
