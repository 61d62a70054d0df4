"""What an execution ran in, as its trainings' rows of ``iEnvironment`` say."""

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
"""Title and homepage of Keras and its backends, by the names that Keras has for them."""


@dataclass(frozen=True)
class Source:
    """The commit that the script's folder was at.

    Attributes:
        url: of the repository, as a browser opens it; None where no remote was recorded.
        is_dirty: whether files differed from the commit; None where git did not say.
    """

    commit: str
    repository: str | None = None
    remote: str | None = None
    url: str | None = None
    branch: str | None = None
    is_dirty: bool | None = None

    @property
    def commit_url(self) -> str | None:
        """The page of the commit, at the hosts that are known to have one."""
        host = re.match(r"https://(github\.com|gitlab\.com)/", self.url or "")
        if host is None:
            return None
        dash = "/-" if host[1] == "gitlab.com" else ""
        return f"{self.url}{dash}/tree/{self.commit}"


@dataclass(frozen=True)
class Environment:
    """Values by kind and name; empty where ENVIRONMENT was not captured.

    Two trainings of an execution may have run in different environments: then all values of a name
    are kept, in order, each where it differs from the one before.
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
        """As it is written: the value of a name, or the list of its values."""
        return {
            kind: {name: each[0] if len(each) == 1 else each for name, each in names.items()}
            for kind, names in self.values.items()
        }

    def requirements(self) -> str:
        """The packages as pip reads them; nothing where none were recorded."""
        packages = self.last("package")
        return "".join(f"{name}=={version}\n" for name, version in packages.items() if version)


def environment_of(record: ExecutionRecord) -> Environment:
    """The environment of all trainings of an execution."""
    values: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for row in record.rows_of(tags.ENVIRONMENT):
        fields = [row.get(key) for key in ("kind", "name", "value")]
        if None in fields:  # a set of the user's own, of that name
            continue
        kind, name, value = map(str, fields)
        known = values[kind].setdefault(name, [])
        if known[-1:] != [value]:
            known.append(value)
    return Environment(dict(values))


def _browsable(remote: str | None) -> str | None:
    """A remote's URL as a browser opens it; None for a folder, and where a part is masked."""
    if remote is None:
        return None
    text = re.sub(rf"^(https?://){MASK}@", r"\1", remote)  # what was masked is no part of the place
    scp = re.fullmatch(r"(?:ssh://)?[\w.-]+@([\w.-]+)[:/](?!\d+/)([^:]+)", text)
    if scp:
        text = f"https://{scp[1]}/{scp[2]}"
    if not re.match(r"https?://\w", text) or MASK in text or "@" in text:
        return None
    return text.removesuffix("/").removesuffix(".git")
