"""What survives prov's formats, and that a loss is seen. The exporter's mapping rests on it."""

import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prov.constants import PROV, XSD
from prov.identifier import Identifier
from prov.model import Literal, ProvDocument

from w3c_prov.round_trip import FORMATS, FORMATS_WITH_BUNDLES, differences, same, written

NOON = datetime(2024, 1, 1, 12, 0, 0, 250000, tzinfo=UTC)
VALUES = {
    "double": 1e-05,
    "long double": 1 / 3,
    "tiny": 5e-324,
    "negative zero": -0.0,
    "NaN": math.nan,
    "INF": math.inf,
    "-INF": -math.inf,
    "int": 5,
    "long": 2**40,
    "integer": 10**30,
    "typed integer": Literal("5", XSD["integer"]),
    "decimal": Literal("1.50", XSD["decimal"]),
    "true": True,
    "time": NOON,
    "empty": "",
    "lines": 'two\r\nlines\n"""quoted"""\n',
    "backslash": "C:\\new\\",
    "unicode": "é漢字😀\u2028",
    "markup": "<a & b>",
    "number as text": "5",
    "language": Literal("olá", langtag="pt-BR"),
    "URI": Identifier("http://example.org/a?x=1&y=2#f"),
    "name": PROV["Plan"],
}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The deprecations of rdflib that prov's RDF writer meets are not ours."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="rdflib|prov")


def empty() -> ProvDocument:
    """A document with two namespaces."""
    document = ProvDocument()
    document.add_namespace("ex", "http://example.org/run#")
    document.add_namespace("kp", "http://example.org/ns#")
    return document


def rich() -> ProvDocument:
    """A document with each kind of statement, those with attributes identified."""
    document = empty()
    more: dict[str, Any] = {
        "prov:label": "why",
        "kp:n": 1,
        "prov:type": document.valid_qualified_name("kp:T"),
    }
    document.collection("ex:all", {"prov:label": Literal("all", langtag="en")})
    document.entity("ex:e.1", [("kp:n", 1), ("kp:n", 2), ("kp:n", "1"), ("prov:value", 0.5)])
    document.entity("ex:e.2", {"prov:type": PROV["Plan"]})
    document.agent("ex:keras-3", {"prov:type": PROV["SoftwareAgent"]})
    document.agent("ex:someone", {"prov:type": PROV["Person"]})
    document.activity("ex:a.1", NOON, NOON, more)
    document.activity("ex:a.2")
    document.usage("ex:a.1", "ex:e.1", NOON, "ex:used.1", more)
    document.generation("ex:e.2", "ex:a.1", NOON, "ex:generated.1", more)
    document.invalidation("ex:e.1", "ex:a.2", NOON, "ex:invalidated.1", more)
    document.start("ex:a.2", "ex:e.1", "ex:a.1", NOON, "ex:started.1", more)
    document.end("ex:a.2", "ex:e.1", "ex:a.1", NOON, "ex:ended.1", more)
    document.communication("ex:a.2", "ex:a.1", "ex:informed.1", more)
    revision = {"prov:type": PROV["Revision"]}
    ends = ("ex:e.2", "ex:e.1", "ex:a.1", "ex:generated.1", "ex:used.1")
    document.derivation(*ends, "ex:derived.1", revision)
    document.derivation("ex:e.2", "ex:all")
    document.association("ex:a.1", "ex:keras-3", "ex:e.2", "ex:associated.1", more)
    document.association("ex:a.1", "ex:someone", None, "ex:associated.2", more)
    document.attribution("ex:e.2", "ex:someone", "ex:attributed.1", more)
    document.delegation("ex:keras-3", "ex:someone", "ex:a.1", "ex:acted.1", more)
    document.influence("ex:e.2", "ex:e.1", "ex:influenced.1", more)
    document.membership("ex:all", "ex:e.1")
    document.membership("ex:all", "ex:e.2")
    document.specialization("ex:e.2", "ex:e.1")
    document.alternate("ex:e.2", "ex:e.1")
    return document


def bundled() -> ProvDocument:
    """Two bundles that say different things of one name, in a namespace of their own."""
    document = empty()
    for number in (1, 2):
        document.entity(f"ex:b.{number}", {"prov:type": PROV["Bundle"]})
        bundle = document.bundle(f"ex:b.{number}")
        bundle.add_namespace("own", "http://example.org/own#")
        bundle.entity("own:e", {"kp:n": number})
    return document


@pytest.mark.parametrize("format", FORMATS)
def test_each_kind_of_statement_comes_back(format: str) -> None:
    """All statements survive every format, with identifiers, times and attributes."""
    assert same(rich(), format) == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_each_value_comes_back(value: Any, format: str) -> None:
    """A value survives every format with its datatype."""
    document = empty()
    document.entity("ex:e", {"kp:value": value})
    document.entity("ex:f", {"prov:value": value})

    assert same(document, format) == []


@pytest.mark.parametrize("format", FORMATS_WITH_BUNDLES)
def test_bundles_come_back(format: str) -> None:
    """Bundles stay apart in the formats that have a name for them."""
    assert same(bundled(), format) == []


@pytest.mark.parametrize("format", sorted(set(FORMATS) - set(FORMATS_WITH_BUNDLES)))
def test_lost_bundles_are_seen(format: str) -> None:
    """Plain Turtle and RDF/XML pour bundles together, and the differences say so."""
    assert "bundle http://example.org/run#b.1 is missing" in same(bundled(), format)


def test_one_thing_of_two_kinds_is_lost_in_rdf() -> None:
    """Why the exporter says each identifier once: RDF reads an entity and agent as one of them."""
    document = empty()
    document.entity("ex:x", {"kp:n": 1})
    document.agent("ex:x")

    assert same(document, "json") == []
    assert len(same(document, "rdf:turtle")) == 2


def test_plain_relations_beside_qualified_ones_are_mixed_up_in_rdf() -> None:
    """Why the exporter identifies relations: one association's agent overwrites another's, else."""
    document = empty()
    document.association("ex:a", "ex:ag", "ex:plan")
    document.association("ex:a", "ex:other")

    assert same(document, "json") == []
    assert any("prov:Association" in line for line in same(document, "rdf:turtle"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.entity("ex:e"), "extra: prov:Entity http://example.org/run#e "),
        (lambda document: document.bundle("ex:b"), "bundle http://example.org/run#b is new"),
        (
            lambda document: document.get_record("ex:e.2")[0].add_attributes({"kp:n": 1}),
            "changed: prov:Entity http://example.org/run#e.2: [] became [('http://example.org/ns#n'",
        ),
    ],
    ids=["record", "bundle", "attribute"],
)
def test_a_difference_is_seen(change: Callable[[ProvDocument], object], message: str) -> None:
    """A record, a bundle or an attribute more is a difference, and one less the other way round."""
    document = rich()
    change(document)

    (line,) = differences(rich(), document)
    assert line.startswith(message)
    assert len(differences(document, rich())) == 1


def test_datatypes_are_told_apart() -> None:
    """1, 1.0, "1" and True are four values."""
    documents = []
    for value in (1, 1.0, "1", True):
        documents.append(empty())
        documents[-1].entity("ex:e", {"kp:value": value})

    for one in documents:
        assert [bool(differences(one, other)) for other in documents].count(False) == 1


def test_bytes_depend_on_nothing_but_the_document() -> None:
    """With identified relations, all formats but RDF/XML give the same bytes in every process."""
    script = (
        "import hashlib, warnings; warnings.simplefilter('ignore')\n"
        "from w3c_prov.test_round_trip import FORMATS, rich, written\n"
        "for format in FORMATS: print(format, hashlib.sha256(written(rich(), format).encode())"
        ".hexdigest())"
    )
    tests = Path(__file__).parent.parent

    def digests(seed: str) -> list[str]:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(tests)}
        command = [sys.executable, "-c", script]
        text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return [line for line in text.stdout.splitlines() if not line.startswith("rdf:xml")]

    one = digests("1")
    assert len(one) == len(FORMATS) - 1
    assert digests("2") == one


def test_unknown_formats_are_refused() -> None:
    """A format that prov does not have is an error, not an empty text."""
    with pytest.raises(Exception, match="No serializer available"):
        written(empty(), "yaml")
