"""What a dataflow declares, and whether a task keeps to it: pure functions of messages.

The predecessor took any task and lost what did not fit, in silence. Here a task is held against the
declaration of its dataflow before it is sent, so that the call that gave a wrong value raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import DefinitionError, UnknownTagError
from .messages import (
    DataflowMessage,
    DataSetMessage,
    DependencyMessage,
    SetMessage,
    TaskMessage,
    TransformationMessage,
)
from .misfit import Misfit, refused
from .names import RESERVED_SETS, checked_dataflow_tag, checked_name, checked_text
from .raw_data import RawElements, raw_elements
from .sets import DeclaredSet, named

__all__ = ["Declaration"]


@dataclass
class Declaration:
    """One dataflow as declared so far; grows by :meth:`merge`, never shrinks.

    Values without names are in the order of their own execution's declaration: another one may have
    declared the same attributes in another order. Of an execution that declared none, as scripts
    have them that name one in the Dataflow and another in its tasks, they are in the newest order.

    `own_programs` are those that this process itself has declared, not another one before it.
    """

    tag: str
    transformations: dict[str, set[str]] = field(default_factory=dict)
    sets: dict[str, DeclaredSet] = field(default_factory=dict)
    programs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    own_programs: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)
    _orders: dict[str, dict[str, list[str]]] = field(default_factory=dict, compare=False)
    _newest: dict[str, list[str]] = field(default_factory=dict, compare=False)

    def merge(self, message: DataflowMessage, *, whole: bool = True) -> bool:
        """Take in a dataflow message; whether anything in it was new.

        Args:
            message: the message.
            whole: whether all that it builds on was taken in before.

        Raises:
            DefinitionError: a name cannot be stored, or an attribute changes its type. Nothing of
                the message is taken in then.
        """
        grown = _copy(self)
        for transformation in message.get("transformations", ()):
            grown._add_transformation(transformation)
        grown._check()
        if whole and not message.get("recalled"):
            for declared in grown.sets.values():
                declared.check_extractors()
        changed = grown != self
        self.transformations, self.sets = grown.transformations, grown.sets
        self.programs = grown.programs
        if not message.get("recalled"):
            self._own_programs_of(message)
        run = message.get("exec") or message.get("opens")
        if run is not None:
            self._orders[run] = order = self._order(message, run)
            self._newest = {**self._newest, **order}
        return changed

    def specification(self) -> DataflowMessage:
        """The whole declaration as one dataflow message."""
        return {
            "tag": self.tag,
            "transformations": [
                {
                    "tag": tag,
                    "sets": [self.sets[each].specification(tag) for each in sorted(sets)],
                    "programs": [
                        {"name": name, "path": path} for name, path in self.programs.get(tag, ())
                    ],
                }
                for tag, sets in self.transformations.items()
            ],
        }

    def checked_task(
        self, message: TaskMessage, on_misfit: Callable[[Misfit], None] = refused
    ) -> TaskMessage:
        """`message` with its values checked and its sets' attributes named.

        Args:
            message: of the task.
            on_misfit: called with what does not fit; by default it raises ElementError. If it
                returns, the task is without the value, or the element.

        Raises:
            UnknownTagError: the transformation, a set, or the transformation of a task that it
                depends on was not declared.
            ElementError: an element does not fit its set.
        """
        tag = message["transformation"]
        if tag not in self.transformations:
            raise UnknownTagError(
                f"Dataflow {self.tag!r} has no transformation {tag!r}. Expected one of "
                f"{named(self.transformations)}; declare it with add_transformation() first."
            )
        self._check_dependency(tag, message.get("dependency"))
        order = self._orders.get(message["exec"], self._newest)
        sets = [self._checked_set(tag, each, order, on_misfit) for each in message["sets"]]
        return {**message, "sets": sets}

    def split_raw_data(self, message: TaskMessage) -> tuple[TaskMessage, list[RawElements]]:
        """`message` without the elements that name files of raw data, and those.

        Raises:
            RawDataError: a path is missing, or the rows of two extractors cannot be joined.
            UnknownTagError: a set has no such attribute or extractor.
            ElementError: an element does not fit its set.
        """
        if not any(each.extractors for each in self.sets.values()):
            return message, []
        order = self._orders.get(message["exec"], self._newest)
        whole, raw = [], []
        for data in message["sets"]:
            known = self.sets.get(data["tag"])
            found = None if known is None else raw_elements(known, data, order.get(data["tag"]))
            if found is None:
                whole.append(data)
            else:
                raw.append(found)
        if raw:  # the transformation is checked before its files are read
            empty: list[DataSetMessage] = [{"tag": each.set_tag, "elements": []} for each in raw]
            self.checked_task({**message, "sets": empty})
        return {**message, "sets": whole}, raw

    def _check_dependency(self, tag: str, dependency: DependencyMessage | None) -> None:
        if not dependency:
            return
        known = {*self.transformations, *(t for s in self.sets.values() for t in s.producers)}
        for other in dependency["tags"]:
            if other["tag"] not in known:
                raise UnknownTagError(
                    f"A task of {tag!r} depends on one of {other['tag']!r}, which dataflow "
                    f"{self.tag!r} has not. Expected one of {named(known)}."
                )

    def _checked_set(
        self,
        transformation: str,
        data: DataSetMessage,
        order: Mapping[str, list[str]],
        on_misfit: Callable[[Misfit], None],
    ) -> DataSetMessage:
        tag = data["tag"]
        if tag not in self.transformations[transformation]:
            raise UnknownTagError(
                f"Transformation {transformation!r} of dataflow {self.tag!r} has no set {tag!r}. "
                f"Expected one of {named(self.transformations[transformation])}."
            )
        declared = self.sets[tag]
        columns = declared.columns(data.get("attributes", order.get(tag)))
        rows = [
            declared.row(values, columns, index, on_misfit)
            for index, values in enumerate(data["elements"])
        ]
        elements = [row for row in rows if row is not None]
        return {"tag": tag, "attributes": list(columns), "elements": elements}

    def _order(self, message: DataflowMessage, run: str) -> dict[str, list[str]]:
        """The attributes of each set in the order of a message's execution; known ones first."""
        found = {tag: list(names) for tag, names in self._orders.get(run, {}).items()}
        for transformation in message.get("transformations", ()):
            for each in transformation.get("sets", ()):
                names = [attribute["name"].lower() for attribute in each.get("attributes", ())]
                known = found.setdefault(each["tag"].lower(), [])
                known += [name for name in dict.fromkeys(names) if name not in known]
        return {tag: names for tag, names in found.items() if names}

    def _add_transformation(self, message: TransformationMessage) -> None:
        tag = checked_name(message["tag"], "tag of a transformation")
        used = self.transformations.setdefault(tag, set())
        for each in message.get("sets", ()):
            used.add(self._add_set(tag, each))
        for program in message.get("programs", ()):
            name_and_path = (
                checked_text(program["name"], "name of a Program"),
                checked_text(program.get("path", ""), "path of a Program"),
            )
            known = self.programs.setdefault(tag, [])
            if name_and_path not in known:
                known.append(name_and_path)

    def _own_programs_of(self, message: DataflowMessage) -> None:
        for transformation in message.get("transformations", ()):
            own = self.own_programs.setdefault(transformation["tag"].lower(), {})
            for program in transformation.get("programs", ()):
                own[program["name"]] = program.get("path", "")

    def _add_set(self, transformation: str, message: SetMessage) -> str:
        tag = checked_name(message["tag"], "tag of a set")
        declared = self.sets.setdefault(tag, DeclaredSet(tag))
        producer = message.get("dependency", "").lower()
        if message.get("type", "INPUT" if producer else "OUTPUT") == "OUTPUT":
            _append(declared.producers, transformation)
        else:
            _append(declared.consumers, transformation)
            if producer:
                _append(declared.producers, producer)
        declared.merge(message)
        return tag

    def _check(self) -> None:
        checked_dataflow_tag(self.tag)
        for declared in self.sets.values():
            self._check_set(declared)

    def _check_set(self, declared: DeclaredSet) -> None:
        if declared.tag in RESERVED_SETS:
            raise DefinitionError(f"MonetDB takes no set called {declared.tag!r}: rename it.")
        if f"ds_{declared.tag}" in self.sets:
            raise DefinitionError(
                f"The sets {declared.tag!r} and 'ds_{declared.tag}' would share a table: "
                "rename one."
            )
        tags = [*declared.producers, *declared.consumers]
        taken = {"id", *(f"{tag}_task_id" for tag in tags)} & set(declared.attributes)
        if taken:
            raise DefinitionError(
                f"Set {declared.tag!r} has an attribute {min(taken)!r}, which DfAnalyzer uses for "
                "a column of its own: rename it."
            )


def _copy(declaration: Declaration) -> Declaration:
    return Declaration(
        declaration.tag,
        {tag: set(sets) for tag, sets in declaration.transformations.items()},
        {tag: each.copy() for tag, each in declaration.sets.items()},
        {tag: list(programs) for tag, programs in declaration.programs.items()},
    )


def _append(tags: list[str], tag: str) -> None:
    if tag not in tags:
        tags.append(tag)
