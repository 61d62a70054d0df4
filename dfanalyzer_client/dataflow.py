"""A dataflow: the workflow as designed, and the tag of one run of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING

from .declarations.messages import (
    AgentsMessage,
    DataflowMessage,
    DataSetMessage,
    TransformationMessage,
)
from .declarations.names import checked_text
from .declarations.provenance_object import ProvenanceObject
from .delivery.clients import default_client
from .delivery.live import new_execution, remember_live
from .dlprov.hardware import hardware
from .dlprov.predefined import Predefined
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
        transformations: Sequence[Transformation] | bool = (),
        email: str | Sequence[Transformation] | None = "",
        *,
        predefined: bool = False,
        hyperparameters: bool = False,
        w3c: object = None,
        client: Client | None = None,
    ) -> None:
        """Describe a dataflow.

        Args:
            tag: its tag; stored in lower case.
            transformations: its steps. True is `predefined`, as DLProv's scripts say it.
            email: of the scientist who is responsible for its executions; or the steps beside those
                that are predefined, as one version of DLProv has it.
            predefined: whether it has DLProv's transformations and sets: LoadData, SplitData,
                Train, Test and, once a task names them, those of its other versions.
            hyperparameters: `predefined`, as DLProv's first scripts say it.
            w3c: DLProv's, ignored: PROV documents are exported, by `prov_document`.
            client: sends its messages; None: that of the store that the environment names.

        Raises:
            DefinitionError: the tag, the email or a transformation cannot be stored.
        """
        super().__init__(tag)
        is_predefined = predefined or hyperparameters or transformations is True
        if isinstance(transformations, bool):
            transformations = ()
        if not isinstance(email, str | None):  # Dataflow(tag, True, [Transformation(…), …])
            transformations, email = email, ""
        self.email = checked_text(email or "", "email of a Dataflow")
        self._predefined = Predefined() if is_predefined else None
        self._introduced: set[str] = set()
        self.exec_tag = new_execution(tag)
        self._client = client
        self._saved: list[TransformationMessage] | None = None
        self._numbers: dict[str, Iterator[int]] = {}
        self.transformations = transformations
        remember_live(self, keep=self.predefined or bool(self.email))

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
        predefined = self._predefined.messages() if self._predefined is not None else []
        return [*predefined, *self._own]

    @transformations.setter
    def transformations(self, transformations: Sequence[Transformation]) -> None:
        self._own: list[TransformationMessage] = []
        self._orders: dict[str, list[str]] = {}
        for transformation in transformations:
            self.add_transformation(transformation)

    def add_transformation(self, transformation: Transformation) -> None:
        """Add one transformation, as it is now."""
        self._orders = {}
        self._own.append(self._specification_of(transformation))

    def save(self) -> None:
        """Send the dataflow on its way to the store; harmless when nothing changed since."""
        transformations = self.transformations
        if transformations != self._saved:
            self.client.save_dataflow(self._message([each.copy() for each in transformations]))
            self._saved = transformations

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
        self.include(transformation)
        return RunningTask(self, transformation, id, depends_on)

    @property
    def predefined(self) -> bool:
        """Whether it has DLProv's transformations and sets."""
        return self._predefined is not None

    def include(self, transformation: str) -> None:
        """Declare a transformation of DLProv's that a task names, if this is `predefined`."""
        if self._predefined is not None:
            self._predefined.include(transformation)
            self.save()  # also what another thread is about to send

    def shaped(self, data: DataSetMessage) -> DataSetMessage:
        """Rows of a set with the names of their values, in the order in which it declares them.

        A predefined set may have elements of several lengths.
        """
        if "attributes" in data:
            return data
        form = self._predefined.form(data) if self._predefined is not None else None
        if self._predefined is not None and form is not None:
            self._predefined.include_columns(data["tag"], form)
            self.save()
            return {**data, "attributes": [name.lower() for name, _ in form]}
        orders, tag = self._orders, data["tag"]
        if tag not in orders:
            orders[tag] = self._order(tag)
        names = orders[tag]
        if names and all(len(element) == len(names) for element in data["elements"]):
            return {**data, "attributes": list(names)}
        return data

    def _order(self, set_tag: str) -> list[str]:
        """The attributes of a set, in order; none if an extractor reads some of them."""
        sets = [s for t in self._own for s in t.get("sets", ()) if s["tag"] == set_tag]
        if any(each.get("extractors") for each in sets):
            return []
        names = (attribute["name"] for each in sets for attribute in each.get("attributes", ()))
        return list(dict.fromkeys(names))

    def agents(self, exec_tag: str) -> AgentsMessage:
        """Who is responsible for an execution, and its machine, until it was `introduced`."""
        if exec_tag in self._introduced:
            return {}
        message: AgentsMessage = {}
        if self.email:
            message["email"] = self.email
        if self.predefined:
            message["hardware"] = hardware()
        return message

    def introduced(self, exec_tag: str) -> None:
        """The agents of an execution were sent."""
        self._introduced.add(exec_tag)

    def next_id(self, transformation: str) -> int:
        """A number that no task of the transformation has got from here."""
        # one step, so that two threads that are first do not both get a counter
        return next(self._numbers.setdefault(transformation.lower(), count(1)))

    def get_specification(self) -> DataflowMessage:
        """The dataflow as it stands in a message."""
        return self._message([each.copy() for each in self.transformations])

    def _specification_of(self, transformation: Transformation) -> TransformationMessage:
        if not isinstance(transformation, Transformation):
            raise DefinitionError(
                f"Dataflow {self._tag!r} takes Transformation objects. "
                f"Received: {transformation!r}."
            )
        return transformation.get_specification()

    def _message(self, transformations: list[TransformationMessage]) -> DataflowMessage:
        message: DataflowMessage = {"tag": self._tag, "transformations": transformations}
        # tasks of DLProv's scripts name executions of their own, which begin with them
        message["opens" if self.predefined else "exec"] = self.exec_tag
        return message
