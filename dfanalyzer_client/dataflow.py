"""A dataflow: the workflow as designed, and the tag of one run of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from .declarations.messages import DataflowMessage, TransformationMessage
from .declarations.provenance_object import ProvenanceObject
from .delivery.clients import default_client
from .delivery.live import new_execution, remember_live
from .errors import DefinitionError
from .running_task import RunningTask
from .transformation import Transformation

if TYPE_CHECKING:
    from .delivery.client import Client
    from .task import Task

__all__ = ["Dataflow"]


class Dataflow(ProvenanceObject):
    """Transformations under one tag, saved once and whenever they grow.

    Attributes:
        exec_tag: names this run of the dataflow; tasks of the run carry it.
    """

    def __init__(
        self,
        tag: str,
        transformations: Sequence[Transformation] = (),
        *,
        client: Client | None = None,
    ) -> None:
        """Describe a dataflow; raises DefinitionError for a bad tag or transformation."""
        super().__init__(tag)
        self.exec_tag = new_execution(tag)
        self._client = client
        self._saved: list[TransformationMessage] | None = None
        self._numbers: dict[str, Iterator[int]] = {}
        self.transformations = transformations
        remember_live(self)

    @property
    def _exec(self) -> str:
        """The run's tag under the name that instrumented scripts know."""
        return self.exec_tag

    @property
    def client(self) -> Client:
        """Where this dataflow's messages go."""
        return self._client or default_client()

    @property
    def transformations(self) -> list[TransformationMessage]:
        """The transformations, as they stand in a message."""
        return self._transformations

    @transformations.setter
    def transformations(self, transformations: Sequence[Transformation]) -> None:
        self._transformations: list[TransformationMessage] = []
        for transformation in transformations:
            self.add_transformation(transformation)

    def add_transformation(self, transformation: Transformation) -> None:
        """Add one transformation, as it is now."""
        self._transformations.append(self._specification_of(transformation))

    def save(self) -> None:
        """Send the dataflow on its way to the store; harmless when nothing changed since."""
        if self._transformations != self._saved:
            self.client.save_dataflow(self.get_specification())
            self._saved = list(self._transformations)

    def grow(self, transformation: Transformation) -> None:
        """Declare sets of a transformation, or attributes of a set, that are new; at once.

        What was declared before is not sent again, so this suits what is known only while a task
        runs. `transformations` stay as designed.

        Raises:
            DefinitionError: it contradicts what was declared before, and is not sent.
        """
        grown = self._specification_of(transformation)
        self.save()
        self.client.save_dataflow(self._message([grown]))

    def task(
        self,
        transformation: str,
        *,
        id: int | None = None,
        depends_on: Task | RunningTask | Sequence[Task | RunningTask] = (),
    ) -> RunningTask:
        """A task that tells its begin, its end and its error by itself.

        ``with dataflow.task("DenseBlock") as task: task.used(growth_rate=24)``; or a decorator.

        Args:
            transformation: tag of the transformation that it does.
            id: names the task within its execution; by default 1, 2, … for each transformation,
                which fits as long as no other process has tasks of it in the same execution.
            depends_on: the task, or tasks, whose rows it reads.

        Raises:
            UnknownTagError: the dataflow has no such transformation.
        """
        return RunningTask(self, transformation, id, depends_on)

    def next_id(self, transformation: str) -> int:
        """A number that no task of the transformation has got from here."""
        # one step, so that two threads that are first do not both get a counter
        return next(self._numbers.setdefault(transformation.lower(), count(1)))

    def get_specification(self) -> DataflowMessage:
        """The dataflow as it stands in a message."""
        return self._message([each.copy() for each in self._transformations])

    def _specification_of(self, transformation: Transformation) -> TransformationMessage:
        if not isinstance(transformation, Transformation):
            raise DefinitionError(
                f"Dataflow {self._tag!r} takes Transformation objects. "
                f"Received: {transformation!r}."
            )
        return transformation.get_specification()

    def _message(self, transformations: list[TransformationMessage]) -> DataflowMessage:
        return {"tag": self._tag, "transformations": transformations, "exec": self.exec_tag}
