"""Parts that the documents for people share: tables in Markdown, of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ...executions.record import FileRecord
from ...keras_schema import names as tags
from ..file_locations import published_location
from ._facts import Facts, Row, Training
from ._texts import (
    NOT_RECORDED,
    code,
    markdown,
    moment,
    ranges,
    table,
)

__all__ = [
    "MOST_STEPS",
    "changes",
    "configuration",
    "data",
    "differences",
    "environment",
    "evaluation",
    "files",
    "layers",
    "origins",
    "requests",
    "state",
    "trials",
]

Values = dict[str, tuple[Any, list[int]]]

RATE = "learning_rate"

PRIVATE = frozenset({"executable"})
"""Facts that say more of the machine's owner than of the training."""

MOST_STEPS = 100
"""So many tasks are listed."""


def state(facts: Facts) -> str:
    """Whether the execution has ended, and which tasks did not end as they should."""
    notes = []
    if not facts.is_over:
        notes.append(
            "**This execution had not ended when this document was written.** It says what was "
            "recorded until then."
        )
    for task in facts.unfinished:
        error = f": {markdown(task.error)}" if task.error else ""
        notes.append(
            f"**{markdown(task.transformation)} {markdown(task.name)} is {markdown(task.status)}**"
            f"{error}."
        )
    return "".join(f"> {note}\n>\n" for note in notes).removesuffix(">\n")


def configuration(facts: Facts) -> str:
    """Hyperparameters by the trainings that had each value."""
    found: dict[str, Values] = defaultdict(dict)
    for training in facts.trainings:
        for name, value in training.configuration.items():
            found[name].setdefault(repr(value), (value, []))[1].append(training.number)
    rows = [
        (code(name), markdown(value), ranges(numbers))
        for name, values in found.items()
        for value, numbers in values.values()
    ]
    return table(("hyperparameter", "value", "training"), rows) if rows else NOT_RECORDED + "\n"


def changes(facts: Facts) -> str:
    """Adaptations: what changed, from what to what, when, why and by whom."""
    rows = [
        (
            str(row.get("training", "")),
            markdown(row.get(tags.EPOCH_ID.lower(), "")),
            code(row.get(tags.ADAPTED_ATTRIBUTE.lower()) or RATE),
            markdown(_old(row)),
            markdown(_new(row)),
            markdown(row.get(tags.CAUSE.lower(), "")),
            markdown(_why(row)),
        )
        for row in facts.changes
    ]
    head = ("training", "from epoch", "what", "before", "after", "cause", "who and why")
    return table(head, rows) if rows else "No change during a training was recorded.\n"


def _old(row: Row) -> Any:
    return row.get(tags.OLD_VALUE.lower(), row.get(tags.OLD_RATE.lower(), ""))


def _new(row: Row) -> Any:
    return row.get(tags.NEW_VALUE.lower(), row.get(tags.NEW_RATE.lower(), ""))


def _why(row: Row) -> str:
    parts = (row.get(tags.PERSON.lower()), row.get(tags.REASON.lower()))
    return ": ".join(str(part) for part in parts if part)


def requests(facts: Facts) -> str:
    """What was asked of the trainings while they ran; empty if nothing was."""
    rows = [
        (
            str(each.number),
            markdown(" ".join(filter(None, (each.action, each.target, each.value)))),
            markdown(each.person or ""),
            markdown(each.reason or ""),
            markdown(each.state),
        )
        for each in facts.record.requests
    ]
    return table(("request", "what", "who", "why", "what came of it"), rows) if rows else ""


def data(facts: Facts, *roles: str) -> str:
    """Fingerprints of the data, of some roles or of all."""
    rows = [
        (
            markdown(each.role),
            markdown(each.name),
            *(markdown(each.values.get(key, "")) for key in ("kind", "shape", "dtype")),
            _fingerprint(each.values),
            f"`{each.set}` {each.row}",
        )
        for each in facts.data
        if not roles or each.role in roles
    ]
    if not rows:
        return f"{NOT_RECORDED} (Fingerprints of data are captured by the key DATASET.)\n"
    return table(("used for", "part", "kind", "shape", "type", "fingerprint", "row"), rows)


def _fingerprint(values: Mapping[str, Any]) -> str:
    if not values.get("hash"):
        return "none: reading it would have changed something"
    kind = f", {markdown(values['hash_kind'])}" if values.get("hash_kind") else ""
    return f"{code(values['hash'])}{kind}"


def evaluation(facts: Facts) -> str:
    """The metrics of the last epoch of each training, and those of the tests."""
    text = table(
        ("training", "status", "epochs", "metric", "last value"),
        [row for training in facts.trainings for row in _measured(training)],
    )
    if not facts.trainings:
        text = f"{NOT_RECORDED}\n"
    tested = [
        (str(test.number), markdown(name), markdown(value), moment(test.task.ended) or "")
        for test in facts.tests
        for name, value in test.metrics.items()
    ]
    if not tested:
        return f"{text}\nNo test (`evaluate()`) was recorded.\n"
    return f"{text}\n{table(('test', 'metric', 'value', 'ended'), tested)}"


def _measured(training: Training) -> list[tuple[str, ...]]:
    head = (str(training.number), markdown(training.task.status), str(training.epochs))
    found: list[tuple[str, ...]] = [
        (*head, markdown(name), markdown(value)) for name, value in training.metrics.items()
    ]
    return found or [(*head, "", "")]


def files(facts: Facts, found: list[FileRecord]) -> str:
    """Files with their hashes; empty if there is none."""
    rows = [
        (
            markdown(file.name or published_location(file.path)),
            markdown(facts.kind(file)),
            "" if file.size is None else str(file.size),
            code(file.sha256) if file.sha256 else "none was recorded",
            f"{markdown(file.task.transformation)} {markdown(file.task.name)}",
        )
        for file in found
    ]
    return table(("file", "kind", "bytes", "SHA-256", "task"), rows) if rows else ""


def environment(facts: Facts) -> str:
    """Python, Keras, backend, machine, devices, commit and packages; no names of accounts."""
    known = facts.environment
    if not known:
        return f"{NOT_RECORDED} (The environment is captured by the key ENVIRONMENT.)\n"
    rows = [
        (kind, markdown(name), markdown(value))
        for kind in ("python", "keras", "platform", "device", "git", "job", "package")
        for name, value in known.last(kind).items()
        if name not in PRIVATE
    ]
    packages = sum(1 for row in rows if row[0] == "package")
    text = table(("kind", "what", "value"), [row for row in rows if row[0] != "package"])
    if not packages:
        return text
    listed = ", ".join(f"{row[1]} {row[2]}" for row in rows if row[0] == "package")
    return f"{text}\nPackages ({packages}): {listed}.\n"


def layers(facts: Facts) -> str:
    """The layers with their classes; empty if none are known."""
    rows = [
        (
            markdown(name),
            *(
                markdown(row.get(key.lower(), ""))
                for key in (tags.LAYER_CLASS, tags.LAYER_OUTPUT_SHAPE, tags.LAYER_PARAMETERS)
            ),
        )
        for name, row in facts.layers.items()
    ]
    return table(("layer", "class", "output", "parameters"), rows) if rows else ""


def origins(facts: Facts) -> str:
    """What the execution goes on from: other executions, and files of models."""
    lines = [f"- execution {code(tag)}" for tag in facts.record.derived_from]
    lines += [
        f"- the model in {markdown(file.name)}, SHA-256 {code(file.sha256 or 'not recorded')}"
        for file in facts.loaded
    ]
    return "".join(f"{line}\n" for line in lines)


def differences(facts: Facts) -> str:
    """What differs from the execution that is continued; empty if that is not known."""
    keys = (tags.CONTINUED_KIND, tags.CONTINUED_NAME, tags.OLD_VALUE, tags.NEW_VALUE)
    rows = [tuple(markdown(row.get(key.lower(), "")) for key in keys) for row in facts.differences]
    return table(("kind", "what", "before", "now"), rows) if rows else ""


def trials(facts: Facts) -> str:
    """What a search chose and what came of it; empty if this is no trial."""
    rows = [
        (
            markdown(row.get("study", "")),
            markdown(row.get("trial", "")),
            markdown(row.get("name", row.get("objective", "state"))),
            markdown(row.get("value", row.get("state", ""))),
        )
        for row in facts.trials
    ]
    return table(("study", "trial", "parameter or objective", "value"), rows) if rows else ""
