"""What training provenance knows of Annex IV, section 2, of the EU AI Act (Regulation 2024/1689).

Each field is filled from rows, whose set is named, or is left open and marked. This is no legal
advice: which system needs the documentation, and what suffices, the provider has to judge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from . import _parts
from ._facts import Facts
from ._publisher import Publisher
from ._texts import code, markdown, moment

__all__ = ["FIELDS", "annex_iv"]

OPEN = "**OPEN: not recorded.** The provider has to fill this in."


@dataclass(frozen=True)
class Field:
    """A field of the documentation.

    Attributes:
        point: of section 2.
        asks: what the point asks for, in a few words.
        source: sets and tables that fill it; empty: training provenance has nothing of it.
        fill: the text from rows; empty if they have nothing.
    """

    point: str
    asks: str
    source: str = ""
    fill: Callable[[Facts], str] = lambda facts: ""


def _steps(facts: Facts) -> str:
    lines = []
    for task in facts.record.tasks:
        began, ended = moment(task.began) or "unknown", moment(task.ended) or "unknown"
        lines.append(
            f"- {markdown(task.transformation)} {markdown(task.name)}: {markdown(task.status)}, "
            f"{began} to {ended}\n"
        )
    shown = lines[: _parts.MOST_STEPS]
    left = len(lines) - len(shown)
    return "".join(shown) + (f"- … and {left} more tasks, which the database has\n" if left else "")


def _commit(facts: Facts) -> str:
    source = facts.environment.source
    if source is None:
        return ""
    dirty = {True: "with changes that were not committed", False: "without other changes"}
    state = "" if source.is_dirty is None else f", {dirty[source.is_dirty]}"
    where = f" of {markdown(source.url)}" if source.url else ""
    return f"Commit {code(source.commit)}{where}{state}.\n"


def _tools(facts: Facts) -> str:
    found = {**facts.environment.last("keras"), **facts.environment.last("package")}
    keras, backend = found.get("version"), found.get("backend")
    if keras is None:
        return ""
    version = found.get("backend_version") or ""
    packages = len(facts.environment.last("package"))
    named = f", on {markdown(backend)} {markdown(version)}" if backend else ""
    return f"Keras {markdown(keras)}{named}, and {packages} packages, which are listed in 2(c).\n"


def _environment(facts: Facts) -> str:
    return _parts.environment(facts) if facts.environment else ""


def _resources(facts: Facts) -> str:
    seconds = [
        f"- training {each.number}: {(each.task.ended - each.task.began).total_seconds():.3f} s\n"
        for each in facts.trainings
        if each.task.ended is not None and each.task.began is not None
    ]
    devices = [
        f"- {markdown(name)}: {markdown(value)}\n"
        for kind in ("platform", "device")
        for name, value in facts.environment.last(kind).items()
    ]
    return "".join([*devices, *seconds])


def _optimised(facts: Facts) -> str:
    found = [
        f"- training {each.number}: {markdown(name)} {markdown(value)}\n"
        for each in facts.trainings
        for name, value in each.configuration.items()
        if name in ("loss", "optimizer_name", "metrics")
    ]
    return "".join(found)


def _parameters(facts: Facts) -> str:
    return _parts.configuration(facts) if any(t.configuration for t in facts.trainings) else ""


def _data(*roles: str) -> Callable[[Facts], str]:
    def filled(facts: Facts) -> str:
        found = [each for each in facts.data if each.role in roles]
        return _parts.data(facts, *roles) if found else ""

    return filled


def _measured(facts: Facts) -> str:
    return _parts.evaluation(facts) if any(facts.measured) else ""


def _changed(facts: Facts) -> str:
    found = _parts.changes(facts) if facts.changes else ""
    return found + _parts.requests(facts)


FIELDS = (
    Field("a", "The methods and steps performed for the development", "task", _steps),
    Field("a", "The code that performed them", "ienvironment: git", _commit),
    Field(
        "a",
        "Recourse to pre-trained systems, and how they were used",
        "execution_link, file, icontinuation",
        lambda facts: _parts.origins(facts) + _parts.differences(facts),
    ),
    Field("a", "Tools of third parties", "ienvironment: keras, package", _tools),
    Field("b", "The general logic of the system and of the algorithms"),
    Field("b", "Design choices that a search made", "itrial, otrial", _parts.trials),
    Field("b", "The rationale and assumptions of the key design choices"),
    Field("b", "The persons or groups on which the system is intended to be used"),
    Field("b", "The main classification choices"),
    Field("b", "What the system is designed to optimise for", "itrainingmodel", _optimised),
    Field("b", "The relevance of the different parameters", "itrainingmodel", _parameters),
    Field("b", "The expected output and its quality"),
    Field("b", "Trade-offs made to comply with Chapter III, Section 2"),
    Field("c", "The architecture: how components build on each other", "ilayers", _parts.layers),
    Field("c", "The software that it was developed with", "ienvironment", _environment),
    Field(
        "c",
        "The computational resources used to develop, train, test and validate",
        "ienvironment: device, platform; task",
        _resources,
    ),
    Field("d", "The training methodologies and techniques", "oadaptation, steering", _changed),
    Field(
        "d", "The training data sets and their main characteristics", "idataset", _data("training")
    ),
    Field(
        "d",
        "The provenance of the data: files that were read",
        "file",
        lambda facts: _parts.files(facts, facts.sources),
    ),
    Field("d", "How the data was obtained and selected"),
    Field("d", "Labelling procedures and data cleaning"),
    Field("e", "Human oversight measures (Article 14), and interpretation of outputs"),
    Field("f", "Pre-determined changes to the system and its performance"),
    Field("g", "The validation data and its main characteristics", "idataset", _data("validation")),
    Field("g", "The testing data and its main characteristics", "itestingdataset", _data("test")),
    Field(
        "g",
        "Metrics of accuracy, and logs of training and tests",
        "otrainingmodel, otestingmodel",
        _measured,
    ),
    Field("g", "Metrics of robustness, and potentially discriminatory impacts"),
    Field("g", "Test reports dated and signed by the responsible persons"),
    Field("h", "Cybersecurity measures"),
)
"""The points of section 2, divided into what can be told apart."""

POINTS = {
    "a": "Methods and steps of the development",
    "b": "Design specifications",
    "c": "System architecture and computational resources",
    "d": "Data requirements, training methodologies and training data",
    "e": "Human oversight",
    "f": "Pre-determined changes",
    "g": "Validation and testing",
    "h": "Cybersecurity",
}


def annex_iv(facts: Facts, publisher: Publisher) -> str:
    """The part of the technical documentation that an execution's rows fill."""
    filled = [(field, field.fill(facts) if field.source else "") for field in FIELDS]
    count = sum(1 for _, text in filled if text)
    author = publisher.author
    lines = [
        f"# Technical documentation of {markdown(facts.dataflow)}: Annex IV, section 2\n\n",
        "Regulation (EU) 2024/1689, Annex IV, point 2: the elements of the AI system and the "
        "process for its development, as far as the provenance of one training knows them. "
        f"{count} of {len(filled)} fields are filled from rows; the others are marked OPEN. "
        "Section 1 and sections 3 to 9 are not in it.\n\n",
        f"- **Execution:** {code(facts.tag)}, {markdown(facts.summary.status)}\n",
        f"- **Identifier:** {code(publisher.iri())}\n",
        f"- **Date:** {moment(facts.moment) or 'unknown'} (of the execution's end, else its "
        "begin)\n",
        f"- **Author:** {markdown(author.label) if author else OPEN}\n\n",
        _parts.state(facts),
    ]
    point = ""
    for field, text in filled:
        if field.point != point:
            point = field.point
            lines.append(f"\n## 2({point}) {POINTS[point]}\n")
        lines.append(f"\n### {field.asks}\n\n")
        lines.append(f"{text}\n*Source: {_source(field, facts)}*\n" if text else f"{OPEN}\n")
    return re.sub("\n{3,}", "\n\n", "".join(lines))


def _source(field: Field, facts: Facts) -> str:
    return f"{code(field.source)} of execution {facts.summary.id}, {code(facts.tag)}"
