"""The dataflows that this process describes now, and the executions that they began."""

from __future__ import annotations

import secrets
import weakref
from datetime import UTC, datetime
from typing import Protocol

from ..declarations.messages import TransformationMessage
from ..declarations.names import checked_name
from ..errors import UnknownTagError
from .client import Client
from .clients import default_client

__all__ = ["LiveDataflow", "live_dataflow", "new_execution", "newest_execution", "remember_live"]


class LiveDataflow(Protocol):
    """What tasks need of the `Dataflow` that they are of."""

    exec_tag: str

    @property
    def tag(self) -> str:
        """Names the dataflow."""

    @property
    def client(self) -> Client:
        """Where its messages go."""

    @property
    def transformations(self) -> list[TransformationMessage]:
        """The transformations, as they stand in a message."""

    def save(self) -> None:
        """Send what was added to it."""

    def next_id(self, transformation: str) -> int:
        """A number that no task of the transformation has got from here."""


_live: weakref.WeakValueDictionary[tuple[str, str], LiveDataflow] = weakref.WeakValueDictionary()
_newest: dict[str, str] = {}


def remember_live(dataflow: LiveDataflow) -> None:
    """Let tasks find a dataflow by its tags, as long as somebody holds it."""
    _live[dataflow.tag, dataflow.exec_tag] = dataflow
    _newest[dataflow.tag] = dataflow.exec_tag


def live_dataflow(tag: str, exec_tag: str) -> LiveDataflow | None:
    """The Dataflow object of this run, while somebody holds it."""
    return _live.get((tag, exec_tag))


def new_execution(tag: str) -> str:
    """A tag for a new run of a dataflow."""
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    # a sweep starts hundreds in the same second: the time alone would soon name two of them
    return f"{tag}-{now}-{secrets.token_hex(4)}"


def newest_execution(tag: str) -> str:
    """The tag of a dataflow's newest run, in this process or before it; raises UnknownTagError."""
    stored = checked_name(tag, "tag of the Dataflow")
    found = _newest.get(stored) or default_client().newest_execution(stored)
    if found is None:
        raise UnknownTagError(
            "A Task without an execution's tag is of the newest execution of its dataflow, and "
            f"there is none of {tag!r}: call Dataflow.save() before, or give Task(id, "
            "dataflow_tag, exec_tag, transformation_tag)."
        )
    return found
