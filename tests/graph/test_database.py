"""`keras-prov export --to` and its Cypher script write one graph, which answers questions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from dfanalyzer_client.cli.export import FORMATS, NAMES
from dfanalyzer_client.export.graph import NAMES as OF_PACKAGE
from graph.arcade import GraphServer
from graph.conftest import AUTHOR, EPOCHS, HALVED, ODD, Trained, export

HALF = 2


@pytest.fixture
def written(graph: GraphServer, trained: Trained) -> GraphServer:
    """The graph database with the training."""
    export(trained.execution, "--author", AUTHOR, "--to", graph.url)
    return graph


def content(graph: GraphServer) -> tuple[Any, Any]:
    """All nodes and relationships, in an order of their own."""
    nodes = graph.ask("MATCH (n) RETURN labels(n), properties(n)")
    edges = graph.ask(
        "MATCH (a)-[r]->(b) RETURN type(r), a.identifier, b.identifier, properties(r)"
    )
    plain = [(sorted(labels), comparable(properties)) for labels, properties in nodes]
    joined = [(*ends, comparable(properties)) for *ends, properties in edges]
    return sorted(map(repr, plain)), sorted(map(repr, joined))


def comparable(properties: dict[str, Any]) -> list[tuple[str, str]]:
    """Properties as texts; this server drops the zone (UTC) of times that are parameters."""
    return [(name, str(value).removesuffix("+00:00")) for name, value in sorted(properties.items())]


def test_the_script_writes_the_graph_that_the_driver_writes(
    written: GraphServer, trained: Trained
) -> None:
    """Twice as well, of either: nodes and relationships are merged, with each of their values."""
    once = content(written)
    assert min(map(len, once)) > EPOCHS
    export("--dataflow", trained.dataflow, "--author", AUTHOR, "--to", written.url)
    assert content(written) == once
    script = export(trained.execution, "--author", AUTHOR, "--format", "cypher").stdout
    statements = [one for one in script.split(";\n") if one]
    written.ask("MATCH (n) DETACH DELETE n")
    for statement in statements:
        written.ask(statement)
    assert content(written) == once


@pytest.mark.thorough
def test_an_odd_text_stays_a_text(written: GraphServer) -> None:
    """With quotes, escapes and what would be Cypher without them."""
    rows = written.ask(
        "MATCH (n:Element {`kp:set`: 'iinputdataset'}) RETURN n.`data:dataset_source`"
    )
    assert rows == [(ODD,)]


@pytest.mark.thorough
def test_a_model_leads_to_its_data_and_configuration(
    written: GraphServer, trained: Trained
) -> None:
    """From the file along generation and usage to the fingerprints and to the learning rate."""
    asked = """
        MATCH (model:Model)-[:wasGeneratedBy]->()-[:wasInformedBy*]->(training:Task),
              (training)-[:used]->(data:Element {`kp:set`: 'idataset'})
        MATCH (model)-[:wasDerivedFrom*]->(configuration:Configuration)
        RETURN DISTINCT model.`prov:label`, data.`data:name`, configuration.`data:optimizer_name`
    """
    rows = [row for row in written.ask(asked) if row[2] is not None]
    assert {row[:2] for row in rows} >= {(trained.model.name, "x"), (trained.model.name, "y")}
    assert {row[2] for row in rows} == {"SGD"}


@pytest.mark.thorough
def test_the_epochs_of_a_training_have_its_metrics(written: GraphServer, trained: Trained) -> None:
    """In order, and each with the learning rate that it was derived from."""
    asked = """
        MATCH (epoch:Epoch)-[:wasGeneratedBy]->(:Task {`kp:transformation`: 'trainingmodel'})
        RETURN epoch.`data:loss` ORDER BY epoch.`data:epoch_id`
    """
    assert [loss for (loss,) in written.ask(asked)] == pytest.approx(trained.history["loss"])
    rates = written.ask("""
        MATCH (epoch:Epoch)-[:wasDerivedFrom]->(configuration:Configuration)
        RETURN configuration.`prov:label`, epoch.`data:epoch_id`
    """)
    assert Counter(label for label, _ in rates) == {
        "itrainingmodel 1": HALVED,
        "oadaptation 1": EPOCHS - HALVED,
    }


@pytest.mark.thorough
def test_an_execution_leads_to_its_scientist_and_hardware(
    written: GraphServer, trained: Trained
) -> None:
    """And to the dataflow that it followed."""
    asked = """
        MATCH (run:Execution {`kp:execution`: $execution})-[:wasAssociatedWith]->(who:Person),
              (run)-[:wasAssociatedWith]->(where:Machine), (run)-[:hadPlan]->(plan:Plan)
        RETURN who.`kp:email`, where.`kp:cpus` IS NOT NULL, plan.`kp:dataflow`
    """
    rows = written.ask(asked, execution=trained.execution)
    assert rows == [("ada@example.org", True, trained.dataflow)]


@pytest.mark.thorough
def test_entities_are_found_by_their_loss(written: GraphServer, trained: Trained) -> None:
    """All those below a number, and no other."""
    below = sorted(trained.history["loss"])[HALF]
    rows = written.ask(
        "MATCH (n:Entity) WHERE n.`data:loss` < $below RETURN n.`data:loss`", below=below + 1e-12
    )
    assert len(rows) == HALF + 1
    assert max(rows) == (pytest.approx(below),)


def test_the_command_lists_what_the_package_has() -> None:
    """So `--help` needs no import of it."""
    assert tuple(OF_PACKAGE) == NAMES
    assert "cypher" in FORMATS
