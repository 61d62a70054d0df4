"""The attributes that the values of imported runs become, and their types.

An attribute has one type in its dataflow, and other tools' parameters have none: where one run has
a number and another one a text, the texts have an attribute of their own, as ``batch_size_text``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..declarations.names import storable_name
from ..keras_schema import SETS
from ..keras_schema import names as tags
from ..keras_schema.metric_attributes import attribute_name

__all__ = ["Attributes"]

NUMERIC, TEXT = "NUMERIC", "TEXT"
SUFFIXES = {NUMERIC: "number", TEXT: "text"}


class Attributes:
    """The attributes of one dataflow's sets, as they are stored and as this import adds to them.

    Args:
        stored: types by set and attribute, in lower case.
    """

    def __init__(self, stored: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._types: dict[str, dict[str, str]] = defaultdict(dict)
        for tag, types in (stored or {}).items():
            self._types[tag] = dict(types)

    def expect(self, hyperparameters: Mapping[str, float | str]) -> None:
        """Let a hyperparameter that is a number in any run have the attribute of its name."""
        known = self._types[tags.TRAINING_INPUT.lower()]
        for name, value in hyperparameters.items():
            if not isinstance(value, str):
                known.setdefault(_hyperparameter(name), NUMERIC)

    def of_hyperparameters(self, values: Mapping[str, float | str]) -> dict[str, str]:
        """The attribute of each hyperparameter of a run."""
        taken: set[str] = set()
        found = {}
        for name, value in sorted(values.items(), key=lambda item: (_is_changed(item[0]), item)):
            type_ = TEXT if isinstance(value, str) else NUMERIC
            wanted = _hyperparameter(name)
            known = self._types[tags.TRAINING_INPUT.lower()]
            if known.get(wanted, type_) != type_:
                wanted = f"{wanted}_{SUFFIXES[type_]}"
            found[name] = self._choose(tags.TRAINING_INPUT, wanted, type_, taken)
        return found

    def of_metrics(
        self,
        output: str,
        metrics: Iterable[tuple[str, bool]],
        renamed: Mapping[str, str],
        prefix: str = "",
    ) -> dict[str, str]:
        """The attribute of each metric of a run.

        Args:
            output: the set's tag.
            metrics: the names, and whether there are texts among the values.
            renamed: those that are stored under other names, by their attributes.
            prefix: of the attributes' names in this set.
        """
        found = {metric: attribute for attribute, metric in renamed.items()}
        taken = set(renamed)
        for name, is_text in sorted(metrics, key=lambda metric: _is_changed(metric[0])):
            if name not in found:
                type_ = TEXT if is_text else NUMERIC
                found[name] = self._choose(output, f"{prefix}{name}", type_, taken)
        return found

    def type_of(self, tag: str, attribute: str) -> str:
        """The type of an attribute that was chosen here."""
        return self._types[tag.lower()][attribute]

    def _choose(self, tag: str, wanted: str, type_: str, taken: set[str]) -> str:
        """An attribute of this type that no other value of the run has."""
        known = self._types[tag.lower()]
        name = self._free(tag, wanted, taken)
        while known.get(name, type_) != type_:
            taken.add(name)
            name = self._free(tag, wanted, taken)
        known[name] = type_
        taken.add(name)
        return name

    @staticmethod
    def _free(tag: str, wanted: str, taken: Iterable[str]) -> str:
        is_rate = wanted.lower() == tags.LEARNING_RATE.lower()
        if is_rate and wanted.lower() not in taken and tags.LEARNING_RATE not in SETS[tag].names:
            return wanted.lower()
        return attribute_name(wanted, tag, taken)


def _is_changed(name: str) -> bool:
    """Whether a name is stored in lower case; of `loss` and `Loss`, the first keeps its name."""
    return name != name.lower()


def _hyperparameter(name: str) -> str:
    return storable_name(name, "hyperparameter")
