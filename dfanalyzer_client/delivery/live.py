"""The `Dataflow` objects of this process, so that tasks find theirs by its tags."""

from __future__ import annotations

import secrets
import weakref
from typing import Protocol

from ..declarations.messages import AgentsMessage, DataSetMessage, TransformationMessage
from ..declarations.names import checked_name
from ..errors import UnknownTagError
from ..support.clock import utc_now
from .client import Client
from .clients import default_client

__all__ = [
    "LiveDataflow",
    "live_dataflow",
    "new_execution",
    "newest_execution",
    "newest_live",
    "remember_live",
]


class LiveDataflow(Protocol):
    """What tasks need of their `Dataflow`."""

    exec_tag: str

    @property
    def tag(self) -> str:
        """The tag of the dataflow."""

    @property
    def client(self) -> Client:
        """The client that sends its messages."""

    @property
    def transformations(self) -> list[TransformationMessage]:
        """The transformations, as in a message."""

    def save(self) -> None:
        """Send what was added since the last call."""

    def include(self, transformation: str) -> None:
        """Declare a predefined transformation that a task names."""

    def shaped(self, data: DataSetMessage) -> DataSetMessage:
        """Rows of a set with the names of their values, in the order in which it declares them."""

    def agents(self, exec_tag: str) -> AgentsMessage:
        """Who is responsible for an execution, and its machine, until it was `introduced`."""

    def introduced(self, exec_tag: str) -> None:
        """The agents of an execution were sent."""

    def next_id(self, transformation: str) -> int:
        """A number that this dataflow has given to no task of the transformation."""


_live: weakref.WeakValueDictionary[tuple[str, str], LiveDataflow] = weakref.WeakValueDictionary()
_newest: dict[str, str] = {}
_kept: dict[str, LiveDataflow] = {}


def remember_live(dataflow: LiveDataflow, *, keep: bool = False) -> None:
    """Let tasks find a dataflow by its tags, as long as the object exists.

    Args:
        dataflow: the dataflow.
        keep: until there is a newer one of its tag, even if nobody else refers to it.
    """
    _kept.pop(dataflow.tag, None)
    if keep:
        _kept[dataflow.tag] = dataflow
    _live[dataflow.tag, dataflow.exec_tag] = dataflow
    _newest[dataflow.tag] = dataflow.exec_tag


def live_dataflow(tag: str, exec_tag: str) -> LiveDataflow | None:
    """The Dataflow object of an execution; None if it no longer exists."""
    return _live.get((tag, exec_tag))


def newest_live(tag: str) -> LiveDataflow | None:
    """The newest Dataflow object with a tag; None if it no longer exists."""
    return _live.get((tag, _newest.get(tag, "")))


def new_execution(tag: str) -> str:
    """A tag for a new execution of a dataflow."""
    # a sweep starts hundreds at once, and two may begin in the same microsecond
    return f"{tag}-{utc_now()}-{secrets.token_hex(4)}"


def newest_execution(tag: str) -> str:
    """The tag of a dataflow's newest execution, of any process; raises UnknownTagError."""
    stored = checked_name(tag, "tag of the Dataflow")
    found = _newest.get(stored) or default_client().newest_execution(stored)
    if found is None:
        raise UnknownTagError(
            "A Task without exec_tag belongs to the newest execution of its dataflow, but "
            f"{tag!r} has none: call Dataflow.save() first, or give Task(id, dataflow_tag, "
            "exec_tag, transformation_tag)."
        )
    return found
