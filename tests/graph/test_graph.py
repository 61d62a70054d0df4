"""From a PROV document to nodes, relationships and literals of Cypher, without a database."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prov.constants import PROV, XSD_DOUBLE, XSD_INTEGER
from prov.identifier import Namespace
from prov.model import Literal, ProvDocument

from dfanalyzer_client.export.graph._dlprov import as_dlprov
from dfanalyzer_client.export.graph._graph import ACTIVITY, AGENT, ENTITY, Graph, Node, graph_of
from dfanalyzer_client.export.graph._statements import batches
from dfanalyzer_client.export.graph._values import as_property, as_values, literal
from dfanalyzer_client.export.prov._identifiers import escaped

EX = Namespace("ex", "https://example.org/")
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 600, UTC)
MODEL, TRAINING, ADA = (ENTITY, EX["model"].uri), (ACTIVITY, EX["fit"].uri), (AGENT, EX["ada"].uri)


@pytest.fixture
def document() -> ProvDocument:
    """A model that an activity generated, in a bundle."""
    whole = ProvDocument()
    whole.add_namespace(EX)
    bundle = whole.bundle(EX["bundle"])
    bundle.entity(EX["model"], {PROV["type"]: PROV["Plan"], EX["loss"]: 0.5})
    bundle.activity(EX["fit"], MOMENT, None)
    bundle.generation(EX["model"], EX["fit"], MOMENT, EX["g"], {PROV["role"]: "output"})
    return whole


def test_elements_are_nodes_and_relations_relationships(document: ProvDocument) -> None:
    """With labels by type, and attributes, times and roles as properties."""
    graph = graph_of(document)
    assert graph.nodes[MODEL].labels == ("Plan",)
    assert graph.nodes[MODEL].properties == {"prov:type": ["prov:Plan"], "ex:loss": 0.5}
    assert graph.nodes[TRAINING].properties == {"prov:startTime": MOMENT}
    assert graph.relationships == {
        ("wasGeneratedBy", MODEL, TRAINING): {
            "prov:time": MOMENT,
            "prov:role": "output",
            "identifier": EX["g"].uri,
        }
    }


def test_a_plan_is_joined_to_its_activity() -> None:
    """And ends of which a document says nothing are nodes, too."""
    document = ProvDocument()
    document.association(EX["fit"], EX["ada"], EX["model"])
    graph = graph_of(document)
    assert set(graph.nodes) == {MODEL, TRAINING, ADA}
    joined = graph.relationships[("wasAssociatedWith", TRAINING, ADA)]
    assert joined == {"prov:plan": EX["model"].uri}
    assert ("hadPlan", TRAINING, MODEL) in graph.relationships


def test_a_relation_with_one_end_joins_nothing() -> None:
    """PROV allows it; a graph cannot have it."""
    document = ProvDocument()
    document.generation(EX["model"], None, MOMENT)
    assert graph_of(document).relationships == {}


def test_the_ends_of_an_influence_are_what_they_are(document: ProvDocument) -> None:
    """PROV lets them be of any kind."""
    (bundle,) = document.bundles
    bundle.agent(EX["ada"])
    bundle.influence(EX["fit"], EX["ada"])
    assert ("wasInfluencedBy", TRAINING, ADA) in graph_of(document).relationships


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (EX["model"], "https://example.org/model"),
        (Literal("7", XSD_INTEGER), 7),
        (Literal(str(1 << 63), XSD_INTEGER), str(1 << 63)),
        (Literal("seven", XSD_INTEGER), "seven"),
        (Literal("1.5", XSD_DOUBLE), 1.5),
        (True, True),
        (MOMENT, MOMENT),
    ],
)
def test_a_value_has_a_type_of_graph_databases(value: object, held: object) -> None:
    """What has none of them is a text."""
    assert as_property(value) == held
    assert type(as_property(value)) is type(held)


def test_a_list_has_values_of_one_type() -> None:
    """Neo4j stores no other."""
    assert as_values([1, 2]) == [1, 2]
    assert as_values([1, "a"]) == ["1", "a"]
    assert as_values([1]) == 1
    assert as_values([1], True) == [1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e300, "1e300"),
        (-1.5, "-1.5"),
        (math.nan, "toFloat('NaN')"),
        (-math.inf, "toFloat('-Infinity')"),
        (True, "true"),
        ([1, "a"], "[1, 'a']"),
        ({"a`b": 1}, "{`a``b`: 1}"),
        (MOMENT, "datetime('2026-01-02T03:04:05.000600+00:00')"),
        (MOMENT.replace(tzinfo=None), "localdatetime('2026-01-02T03:04:05.000600')"),
    ],
)
def test_a_literal_is_of_opencypher(value: object, text: str) -> None:
    """Also where Python writes a value in another way."""
    assert literal(value) == text


@given(st.text())
@example("\\u0027 RETURN 1")
@example("\\\\u0027")
@example("'\n\r\t\\")
def test_a_text_cannot_leave_its_quotes(text: str) -> None:
    r"""Whether ``\u`` is replaced before or after quotes are looked for: there is none."""
    written = literal(text)
    assert re.fullmatch(
        r"'(?:[^'\\\n\r]|\\[\\'nrt])*'(?: \+ '(?:[^'\\\n\r]|\\[\\'nrt])*')*", written
    )
    assert "\\u" not in written
    parts = re.findall(r"'((?:[^'\\]|\\.)*)'", written)
    escapes = {"n": "\n", "r": "\r", "t": "\t"}
    read = re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), "".join(parts))
    assert read == text


@given(st.text())
@example("\\u0060 RETURN 1")
def test_a_name_cannot_leave_its_quotes(name: str) -> None:
    """With DLProv's names, attributes have the names that users gave them, but for this."""
    row = Node(("Element",), {f"data:{escaped(name)}": 1})
    (node,) = as_dlprov(Graph({MODEL: row})).nodes.values()
    (found,) = node.properties
    assert not re.search(r"[`\\\x00-\x1f]", found)
    assert found == f"dlprov:{name}" or re.search(r"[`\\\x00-\x1f\x7f]", name) or not name


def test_a_large_graph_is_written_in_batches() -> None:
    """Each has at most as many rows as it may, and together they have all."""
    document = ProvDocument()
    document.add_namespace(EX)
    for number in range(5):
        document.entity(EX[f"row{number}"], {PROV["type"]: PROV["Collection"]})
    found = [(batch.action, len(batch.rows)) for batch in batches(graph_of(document), size=2)]
    assert [count for _, count in found] == [2, 2, 1] * 2
    assert list(batches(Graph())) == []


def test_a_relationship_is_looked_for_where_there_are_few() -> None:
    """From the row to its set and to its task, both of which may have thousands."""
    document = ProvDocument()
    document.add_namespace(EX)
    for number in range(3):
        document.membership(EX["set"], EX[f"row{number}"])
        document.generation(EX[f"row{number}"], EX["fit"])
    actions = [batch.action for batch in batches(graph_of(document))]
    assert any("MERGE (b)<-[r:`hadMember`]-(a)" in action for action in actions)
    assert any("MERGE (a)-[r:`wasGeneratedBy`]->(b)" in action for action in actions)
