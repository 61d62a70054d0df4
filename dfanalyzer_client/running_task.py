"""A task in a few lines: ``with dataflow.task("DenseBlock") as task``, or as a decorator.

Its begin, its end and how it ended, and what it reads and writes are sent as they happen.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from .dataset import DataSet
from .delivery.live import LiveDataflow
from .element import Element
from .errors import DefinitionError, DfAnalyzerError, ElementError, UnknownTagError
from .set_type import SetType
from .support.error_text import error_text
from .task import Task
from .task_status import TaskStatus

__all__ = ["RunningTask"]

logger = logging.getLogger(__name__)

RUNS_LATER = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
"""Kinds of functions whose call does none of the work yet."""

P = ParamSpec("P")
R = TypeVar("R")
Names = dict[str, list[str]]


class RunningTask:
    """One execution of a transformation; `Dataflow.task` creates it.

    As a context manager, the task is RUNNING inside the block and FINISHED, FAILED (with the
    error's type and message) or INTERRUPTED after it; the error is passed on. As a decorator, each
    call of the function is a task. It used the arguments that have the names of attributes of an
    input set, and it generated what the function returns.
    """

    def __init__(
        self,
        dataflow: LiveDataflow,
        transformation: str,
        id: int | None = None,
        depends_on: Task | RunningTask | Sequence[Task | RunningTask] = (),
    ) -> None:
        """Describe the task; raises UnknownTagError if the dataflow lacks the transformation."""
        self._dataflow, self._tag = dataflow, transformation.lower()
        if isinstance(depends_on, (Task, RunningTask)):
            depends_on = [depends_on]
        self._id, self._depends_on = id, list(depends_on)
        self._inputs = self._sets(SetType.INPUT)
        self._outputs = self._sets(SetType.OUTPUT)
        self._task: Task | None = None
        self._process = 0

    @property
    def task(self) -> Task:
        """The task, once it has begun; others may depend on it."""
        if self._task is None:
            raise DefinitionError(
                f"This task of {self._tag!r} has not begun: use it as `with dataflow.task(…) as t`."
            )
        return self._task

    def used(self, *elements: Sequence[Any] | Mapping[str, Any] | str, **values: Any) -> None:
        """Record what the task read; arguments as of `generated`."""
        self._add(self._inputs, SetType.INPUT, elements, values)

    def generated(self, *elements: Sequence[Any] | Mapping[str, Any] | str, **values: Any) -> None:
        """Record what the task wrote; it is sent at once.

        Args:
            elements: rows. Each is a list of values in the order of the set's attributes, or a dict
                of values by name. If there are several sets, the set's tag goes first.
            values: one more row, by name.

        Raises:
            UnknownTagError: there is no such set or attribute.
            ElementError: a value does not fit.
        """
        self._add(self._outputs, SetType.OUTPUT, elements, values)

    def __enter__(self) -> RunningTask:
        number = self._dataflow.next_id(self._tag) if self._id is None else self._id
        tasks = [
            previous.task if isinstance(previous, RunningTask) else previous
            for previous in self._depends_on
        ]
        self._task = Task(
            number, self._dataflow.tag, self._dataflow.exec_tag, self._tag, dependency=tasks or None
        )
        self._task.begin()
        self._process = os.getpid()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process != os.getpid():
            return  # a forked child leaves the block: the parent will record how it ended
        if error is None:
            self.task.end()
            return
        status = TaskStatus.INTERRUPTED  # KeyboardInterrupt, GeneratorExit, CancelledError, …
        if isinstance(error, (Exception, SystemExit)):
            status = TaskStatus.FAILED
        try:
            self.task.end(status, error_text(error))
        except DfAnalyzerError:  # the error that is being raised matters more
            logger.exception("The end of a task of %r is not recorded.", self._tag)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function; see the class."""
        if any(is_of_kind(function) for is_of_kind in RUNS_LATER):
            raise DefinitionError(
                f"Only plain functions can be decorated as tasks. Received: {function!r}. Use "
                "`with dataflow.task(…)` inside it."
            )
        signature = inspect.signature(function)

        @functools.wraps(function)
        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            with RunningTask(self._dataflow, self._tag, self._id, self._depends_on) as running:
                running._use_arguments(signature, args, kwargs)
                result = function(*args, **kwargs)
                running._generate_result(result)
            return result

        return recorded

    def _sets(self, side: SetType) -> Names:
        """The names of attributes of all input sets, or of all output sets, by set."""
        for transformation in self._dataflow.transformations:
            if transformation["tag"] == self._tag:
                return {
                    known["tag"]: [attribute["name"] for attribute in known.get("attributes", ())]
                    for known in transformation["sets"]
                    if known["type"] == side.value
                }
        known = ", ".join(repr(known["tag"]) for known in self._dataflow.transformations)
        raise UnknownTagError(
            f"Dataflow {self._dataflow.tag!r} has no transformation {self._tag!r}. Expected one of "
            f"{known or 'none declared'}; declare it with add_transformation() first."
        )

    def _add(
        self, sets: Names, side: SetType, elements: Sequence[Any], values: dict[str, Any]
    ) -> None:
        tag, *rows = elements if elements and isinstance(elements[0], str) else (None, *elements)
        tag = self._only(sets, side) if tag is None else str(tag).lower()
        if values:
            rows.append(values)
        for row in rows:
            self.task.add_dataset(_dataset(tag, row))
        self.task.save()

    def _only(self, sets: Names, side: SetType) -> str:
        if len(sets) != 1:
            named = ", ".join(repr(tag) for tag in sets) or "none declared"
            raise UnknownTagError(
                f"Transformation {self._tag!r} has {len(sets)} sets of type {side.value}: name one "
                f"as the first argument. Expected one of {named}."
            )
        return next(iter(sets))

    def _use_arguments(
        self, signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # the call will raise it
            return
        bound.apply_defaults()
        given = {name.lower(): value for name, value in bound.arguments.items()}
        for tag, names in self._inputs.items():
            row = {name: given[name] for name in names if name in given}
            if row:
                self.used(tag, row)

    def _generate_result(self, result: Any) -> None:
        if result is None or not self._outputs:
            return
        if isinstance(result, Mapping):
            self._generate_named({str(name).lower(): value for name, value in result.items()})
            return
        tag = self._only(self._outputs, SetType.OUTPUT)
        self.generated(tag, list(result) if isinstance(result, (list, tuple)) else [result])

    def _generate_named(self, values: dict[str, Any]) -> None:
        unknown = values.keys() - {name for names in self._outputs.values() for name in names}
        if unknown:
            raise UnknownTagError(
                f"A task of {self._tag!r} returned {', '.join(map(repr, sorted(unknown)))}. "
                f"Expected attributes of its output sets: {self._outputs!r}."
            )
        for tag, names in self._outputs.items():
            row = {name: values[name] for name in names if name in values}
            if row:
                self.generated(tag, row)


def _dataset(tag: str, row: Any) -> DataSet:
    if isinstance(row, Mapping):
        return DataSet(tag, [Element(list(row.values()))], attributes=[str(name) for name in row])
    if isinstance(row, (str, bytes)) or not isinstance(row, Sequence):
        raise ElementError(
            f"An element of set {tag!r} is a list of values or a dict of them by name. "
            f"Received: {row!r:.80}."
        )
    return DataSet(tag, [Element(row)])
