"""The metadata of a model card, in YAML, as Hugging Face's Hub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._facts import Facts
from ._publisher import Publisher
from ._texts import finite, yaml

__all__ = ["metadata"]

HUB_LICENCES = frozenset(
    {
        "apache-2.0",
        "mit",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigcode-openrail-m",
        "afl-3.0",
        "artistic-2.0",
        "bsl-1.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "c-uda",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "wtfpl",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "agpl-3.0",
        "gfdl",
        "gpl",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl",
        "lgpl-2.1",
        "lgpl-3.0",
        "isc",
        "h-research",
        "intel-research",
        "lppl-1.3c",
        "ms-pl",
        "mpl-2.0",
        "odc-by",
        "odbl",
        "openmdw-1.0",
        "openrail++",
        "osl-3.0",
        "postgresql",
        "ofl-1.1",
        "ncsa",
        "unlicense",
        "zlib",
        "pddl",
    }
)
"""Ids that the Hub accepts; another licence is `other` there, with a name and a link."""

HUB_MODEL = re.compile(r"hf://([\w.-]+/[\w.-]+)/?")
"""Where Keras loads a model of the Hub from."""

SPDX = "https://spdx.org/licenses/"


def metadata(facts: Facts, publisher: Publisher) -> Iterator[str]:
    """The lines of the metadata; what is not known is left out."""
    yield "library_name: keras"
    yield from _licence(publisher.licence)
    yield "tags:"
    yield "- keras-prov"
    bases = [found[1] for file in facts.loaded if (found := HUB_MODEL.match(file.path)) is not None]
    if bases:
        yield "base_model:"
        yield from (f"- {yaml(base)}" for base in dict.fromkeys(bases))
    measured = list(
        dict.fromkeys(
            name for metrics in facts.measured for name, value in metrics.items() if finite(value)
        )
    )
    if measured:
        yield "metrics:"
        yield from (f"- {yaml(name)}" for name in measured)
    yield from _index(facts)


def _licence(licence: str | None) -> Iterator[str]:
    if licence is None:
        return
    if licence.lower() in HUB_LICENCES:
        yield f"license: {licence.lower()}"
        return
    yield "license: other"
    yield f"license_name: {yaml(licence)}"
    yield f"license_link: {yaml(licence if '://' in licence else SPDX + licence)}"


def _index(facts: Facts) -> Iterator[str]:
    """The metrics of the last epochs and of the tests, those that are finite numbers."""
    results = [
        (f"last epoch of training {each.number}", "training", each.metrics)
        for each in facts.trainings
    ]
    results += [(f"test {each.number}", "test", each.metrics) for each in facts.tests]
    results = [
        (name, split, {metric: value for metric, value in metrics.items() if finite(value)})
        for name, split, metrics in results
    ]
    if not any(metrics for _, _, metrics in results):
        return
    yield "model-index:"
    yield f"- name: {yaml(facts.dataflow)}"
    yield "  results:"
    for name, split, metrics in results:
        if not metrics:
            continue
        yield "  - task:"
        yield "      type: other"
        yield '      name: "not recorded"'
        yield "    dataset:"
        yield "      type: other"
        yield f"      name: {yaml(name)}"
        yield f"      split: {split}"
        yield "    metrics:"
        for metric, value in metrics.items():
            yield f"    - type: {yaml(metric)}"
            yield f"      value: {yaml(value)}"
