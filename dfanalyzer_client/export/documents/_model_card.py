"""A model card in the format of Hugging Face's Hub: metadata in YAML, then Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import _parts
from ._facts import Facts
from ._figure import figure
from ._metadata import metadata
from ._publisher import Publisher
from ._texts import NOT_RECORDED, code, markdown, moment, plain

__all__ = ["model_card"]


def model_card(facts: Facts, publisher: Publisher) -> str:
    """The card of the model that an execution trained."""
    return "".join(
        (
            "---\n",
            *(f"{line}\n" for line in metadata(facts, publisher)),
            "---\n\n",
            re.sub("\n{3,}", "\n\n", "\n".join(_text(facts, publisher))),
        )
    )


def _text(facts: Facts, publisher: Publisher) -> Iterator[str]:
    yield f"# {markdown(facts.dataflow)}\n"
    notes = _parts.state(facts)
    if notes:
        yield notes
    yield "## Model\n"
    yield from _description(facts, publisher)
    yield "\n## Intended use\n"
    yield _open("what the model is for, and what it is not for")
    yield "\n## Bias, risks and limitations\n"
    yield _open("whom the model may harm, and where it fails")
    yield "\n## Training data\n"
    yield _parts.data(facts, "training", "validation")
    yield from _section("### Files that were read\n", _parts.files(facts, facts.sources))
    yield "\n## Training\n"
    yield "### Hyperparameters\n"
    yield _parts.configuration(facts)
    yield "\n### Changes while it trained\n"
    yield _parts.changes(facts)
    yield from _section("### Requests\n", _parts.requests(facts))
    yield from _section("### Search\n", _parts.trials(facts))
    yield from _section("### Layers\n", _parts.layers(facts))
    yield "\n## Evaluation\n"
    yield _parts.evaluation(facts)
    yield "\n### Data of the tests\n"
    yield _parts.data(facts, "test")
    yield "\n## Files that it wrote\n"
    yield _parts.files(facts, facts.written) or f"{NOT_RECORDED}\n"
    yield "\n## Environment\n"
    yield _parts.environment(facts)
    yield "\n## Environmental impact\n"
    yield _open("how much energy it took, and what that emitted")
    yield "\n## Provenance\n"
    yield figure(facts)
    yield from _origins(facts)
    yield (
        f"\nWritten by Keras-Prov from the rows of execution {code(facts.tag)}. What it does not "
        "know, it does not guess. `keras-prov verify` compares the rows with what was captured.\n"
    )


def _description(facts: Facts, publisher: Publisher) -> Iterator[str]:
    author = publisher.author
    said = NOT_RECORDED if author is None else markdown(author.label)
    yield f"- **Dataflow:** {markdown(facts.dataflow)}"
    yield f"- **Execution:** {code(facts.tag)}, {markdown(facts.summary.status)}"
    began, ended = moment(facts.record.began), moment(facts.record.ended)
    yield f"- **Trained:** {began or 'at an unknown time'} to {ended or 'an unknown end'} (UTC)"
    yield f"- **Author:** {said}"
    licence = publisher.licence
    yield f"- **Licence:** {NOT_RECORDED if licence is None else markdown(licence)}"
    framework = facts.environment.last("keras")
    shown = ", ".join(f"{plain(name)} {plain(value)}" for name, value in framework.items())
    yield f"- **Framework:** Keras{f' ({markdown(shown)})' if shown else ', version not recorded'}"
    yield f"- **Layers:** {len(facts.layers) or NOT_RECORDED}"
    yield f"- **Identifier:** {code(publisher.iri())}"


def _origins(facts: Facts) -> Iterator[str]:
    found = _parts.origins(facts)
    if found:
        yield "\nIt goes on from:\n"
        yield found
        yield from _section("### What differs from what it continues\n", _parts.differences(facts))


def _section(title: str, content: str) -> Iterator[str]:
    if content:
        yield f"\n{title}"
        yield content


def _open(what: str) -> str:
    return f"{NOT_RECORDED} A training does not say {what}: whoever publishes the model has to.\n"
