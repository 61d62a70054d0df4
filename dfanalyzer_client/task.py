"""A task: one doing of a transformation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .dataset import DataSet
from .declarations.messages import (
    DataSetMessage,
    DependencyMessage,
    FileMessage,
    PerformanceMessage,
    TaskMessage,
    without_empty,
)
from .declarations.names import checked_name, checked_text
from .declarations.provenance_object import ProvenanceObject
from .delivery.client import Client
from .delivery.clients import client_declaring
from .delivery.live import LiveDataflow, live_dataflow, newest_execution, newest_live
from .delivery.row_stream import RowStream
from .dependency import Dependency
from .errors import DefinitionError, ElementError, RawDataError, UnknownTagError
from .file import File
from .masking import MAX_ERROR_CHARACTERS, captured_text
from .performance import Performance
from .support.clock import utc_now
from .task_status import ENDED, TaskStatus

__all__ = ["Task"]


class Task(ProvenanceObject):
    """One doing of a transformation, within one execution of its dataflow.

    `begin()`, `save()` and `end()` each send what was added since the last of them. A task is known
    by execution, transformation and id: the same three name the same task.
    """

    def __init__(
        self,
        id: int | str,
        dataflow_tag: str | LiveDataflow,
        exec_tag: str,
        transformation_tag: str | None = None,
        sub_id: str = "",
        dependency: Task | Sequence[Task] | None = None,
        workspace: str = "",
        resource: str = "",
        output: str = "",
        error: str = "",
    ) -> None:
        """Describe a task of a dataflow, which is named by its tag or given as the object.

        Scripts that were written before there were executions leave out `exec_tag`, and say
        ``Task(1, "df", "Train", dependency=other)``: the execution is the newest of the dataflow,
        in this process or else in the store.

        Raises:
            DefinitionError: a part cannot be stored.
            UnknownTagError: `exec_tag` was left out, and the dataflow has no execution.
        """
        given = None if isinstance(dataflow_tag, str) else _checked_dataflow(dataflow_tag)
        tag = dataflow_tag if isinstance(dataflow_tag, str) else dataflow_tag.tag
        if transformation_tag is None:
            exec_tag, transformation_tag = newest_execution(tag), exec_tag
        super().__init__(transformation_tag)
        self._id = _whole_number(id)
        self._dataflow = checked_name(tag, "dataflow tag of a Task")
        self._given = given
        self._exec = checked_text(exec_tag, "execution tag of a Task")
        live = given or live_dataflow(self._dataflow, self._exec)
        self._live = live or newest_live(self._dataflow)
        if self._live is not None:
            self._live.include(self._tag)
        self._sub_id = checked_text(str(sub_id), "sub id of a Task")
        self._workspace = _checked(workspace, "workspace")
        self._resource = _checked(resource, "resource")
        self._output, self._error = _checked(output, "output"), _checked(error, "error")
        self._status = TaskStatus.READY
        self._sets: list[DataSetMessage] = []
        self._performances: list[PerformanceMessage] = []
        self._whole: list[PerformanceMessage] = []
        self._files: list[FileMessage] = []
        self._derived_from: list[str] = []
        self._reused: dict[str, str] = {}
        self._dependency: DependencyMessage | None = None
        self.start_time: str | None = None
        self.end_time: str | None = None
        if dependency is not None:
            self.add_dependency(_as_dependency(dependency))

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the Dataflow, which stays in its process."""
        return {**self.__dict__, "_given": None, "_live": None}

    @property
    def id(self) -> int:
        """The id that was given."""
        return self._id

    @property
    def status(self) -> TaskStatus:
        """The state of the task."""
        return self._status

    def add_dependency(self, dependency: Dependency) -> None:
        """Name the tasks this one depends on, in place of those named before."""
        if not isinstance(dependency, Dependency):
            raise DefinitionError(f"A Task takes a Dependency. Received: {dependency!r}.")
        self._dependency = dependency.message()

    def set_datasets(self, datasets: Sequence[DataSet]) -> None:
        """Add several data sets."""
        for dataset in datasets:
            self.add_dataset(dataset)

    def add_dataset(self, dataset: DataSet) -> None:
        """Add rows to what is sent next."""
        if not isinstance(dataset, DataSet):
            raise ElementError(f"A Task takes DataSet objects. Received: {dataset!r}.")
        self._sets.append(dataset.get_specification())

    def reuse(self, set_tag: str, source: Task) -> None:
        """Say that this task read the same rows of a set as `source` did, in what is sent next.

        They are sent once, and stand in the database with both tasks.

        Raises:
            DefinitionError: `source` is no task of the same execution and transformation.
        """
        same = self._dataflow, self._exec, self._tag
        if (source._dataflow, source._exec, source._tag) != same:
            raise DefinitionError(
                "Rows are reused of a task of the same execution and transformation. "
                f"Received: {source!r}."
            )
        self._reused[set_tag.lower()] = str(source.id)

    def add_file(self, file: File) -> None:
        """Add a file that the task read or wrote to what is sent next."""
        if not isinstance(file, File):
            raise DefinitionError(f"A Task takes File objects. Received: {file!r}.")
        self._files.append(file.get_specification())

    def add_performance(self, performance: Performance) -> None:
        """Add a period of the task beside the one that `end` makes to what is sent next."""
        if not isinstance(performance, Performance):
            raise DefinitionError(f"A Task takes Performance objects. Received: {performance!r}.")
        self._performances.append(performance.get_specification())

    def derive_from(self, exec_tag: str) -> None:
        """Say that this task's execution was derived from the execution `exec_tag` (PROV-DM)."""
        self._derived_from.append(checked_text(exec_tag, "execution tag of a derivation"))

    def set_status(self, status: TaskStatus) -> None:
        """Change the state; it is sent with the next `save()`."""
        if not isinstance(status, TaskStatus):
            raise DefinitionError(f"A Task takes a TaskStatus. Received: {status!r}.")
        self._status = status

    def begin(self) -> None:
        """Say that the task runs, since now or `start_time`, with the rows added so far."""
        self.start_time = self.start_time or utc_now()
        self.set_status(TaskStatus.RUNNING)
        self.save()

    def end(
        self,
        status: TaskStatus = TaskStatus.FINISHED,
        error: str = "",
        *,
        ended: str | None = None,
    ) -> None:
        """Say that the task is over, with the rows added since.

        Args:
            status: how it ended.
            error: why it failed; secrets are masked, what is very long is cut, and characters that
                no database holds are escaped.
            ended: when, in UTC as ``2026-01-31 12:00:00.000000``; by default now.
        """
        if status not in ENDED:
            raise DefinitionError(f"A task does not end as {status}.")
        self.end_time = ended or utc_now()
        self.start_time = self.start_time or self.end_time
        self._whole = [Performance(self.start_time, self.end_time).get_specification()]
        self._error = captured_text(str(error), MAX_ERROR_CHARACTERS) or self._error
        self.set_status(status)
        self.save()

    def save(self) -> None:
        """Send what was added since the last time, with the rows of files that it names.

        Raises:
            UnknownTagError: the dataflow was not saved, in this process or before it in another,
                or has no such transformation or set.
            ElementError: a value does not fit, and KERAS_PROV_MISFITS does not leave it out.
            RawDataError: a file that an extractor is to read cannot be read. In these cases nothing
                was sent: what was added since the last time is dropped, to be added again as it
                should be.
            JournalError: the journal cannot be written. What was added is kept for the next time.
        """
        message = self.get_specification()
        if self._live is not None:
            message["sets"] = [self._live.shaped(each) for each in message["sets"]]
            message = {**message, **self._live.agents(self._exec)}
        try:
            self._client().save_task(message)
        except (ElementError, RawDataError, UnknownTagError):
            self._sets, self._reused = [], {}
            raise
        if self._live is not None:
            self._live.introduced(self._exec)
        self._sets, self._performances, self._whole = [], [], []
        self._files, self._derived_from, self._reused = [], [], {}

    def stream(self, set_tag: str, attributes: Sequence[str]) -> RowStream:
        """What says rows of one set for this task as it is now, with little work for each.

        Raises:
            UnknownTagError: the dataflow has no such set or attribute.
        """
        empty = DataSet(set_tag, [], attributes=attributes).get_specification()
        message = self.get_specification()
        message["sets"] = [empty]
        message.pop("performances", None)
        message.pop("files", None)
        message.pop("derivedFrom", None)
        message.pop("reuse", None)
        return self._client().row_stream(message)

    def get_specification(self) -> TaskMessage:
        """The task as it stands in a message; parts that are empty are left out."""
        message: TaskMessage = {
            "id": str(self._id),
            "exec": self._exec,
            "dataflow": self._dataflow,
            "transformation": self._tag,
            "status": self._status.value,
            "sets": [each.copy() for each in self._sets],
            "subid": self._sub_id,
            "dependency": self._dependency,
            "workspace": self._workspace,
            "resource": self._resource,
            "output": self._output,
            "error": self._error,
            "startTime": self.start_time,
            "performances": [*self._performances, *self._whole],
            "files": list(self._files),
            "derivedFrom": list(self._derived_from),
            "reuse": dict(self._reused),
        }
        return without_empty(message, TaskMessage.__required_keys__)

    def _client(self) -> Client:
        dataflow = self._given or live_dataflow(self._dataflow, self._exec)
        if dataflow is None:
            return client_declaring(self._dataflow, self._exec)
        dataflow.save()
        return dataflow.client


def _as_dependency(tasks: Task | Sequence[Task]) -> Dependency:
    listed = [tasks] if isinstance(tasks, Task) else list(tasks)
    for each in listed:
        if not isinstance(each, Task):
            raise DefinitionError(f"A Task depends on other Tasks. Received: {each!r}.")
    return Dependency([each.tag for each in listed], [each.id for each in listed])


def _checked_dataflow(value: LiveDataflow) -> LiveDataflow:
    if not isinstance(value, ProvenanceObject) or not hasattr(value, "exec_tag"):
        raise DefinitionError(
            f"A Task takes the tag of its dataflow, or the Dataflow. Received: {value!r}."
        )
    return value


def _checked(text: object, what: str) -> str:
    return "" if text is None else checked_text(str(text), f"{what} of a Task")


def _whole_number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise DefinitionError(f"A task's id is a whole number. Received: {value!r}.") from None
