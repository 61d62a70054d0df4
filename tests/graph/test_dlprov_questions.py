"""Cypher that is saved for DLProv gets its answers from a graph with DLProv's names.

The questions are those of its README, word for word, and what its papers ask along the same
labels, relationships and properties.
"""

from __future__ import annotations

from statistics import mean

import pytest

from graph.arcade import GraphServer
from graph.conftest import AUTHOR, EPOCHS, ODD, Trained, export

pytestmark = pytest.mark.thorough

AVERAGE_LOSS = """
MATCH (b:Entity)-[:wasGeneratedBy]->(c:Activity)
RETURN avg(b.`dlprov:loss`)
"""
AVERAGE_TIME = """
MATCH (b:Entity)-[:wasGeneratedBy]->(c:Activity)
RETURN avg(toFloat(b.`dlprov:elapsed_time`)) AS avg_elapsed_time
"""
SHORTEST_TO_DATA = """
MATCH p = shortestPath(
    (a:Entity {`dlprov:ds_tag`: 'otest'})-[*]-
    (b:Entity {`dlprov:ds_tag`: 'oloaddata'})
)
RETURN p
"""
SHORTEST_TO_TEST = """
MATCH p = shortestPath(
    (a:Entity {`dlprov:ds_tag`: 'otest'})-[:wasGeneratedBy]-
    (b:Activity {`dlprov:dt_tag`: 'test'})
)
RETURN p
"""
COMPLETE = """
MATCH p = (a:Entity {`dlprov:ds_tag`: 'otest'})-[*]-(b:Entity {`dlprov:ds_tag`: 'iinputdataset'})
RETURN p
"""


@pytest.fixture
def written(graph: GraphServer, trained: Trained) -> GraphServer:
    """The graph database with the training, under DLProv's names."""
    export(trained.execution, "--author", AUTHOR, "--names", "dlprov", "--to", graph.url)
    return graph


def test_the_averages_are_those_of_the_training(written: GraphServer, trained: Trained) -> None:
    """Over its epochs and its test, as in DLProv, where both have a loss."""
    ((loss,),) = written.ask(AVERAGE_LOSS)
    assert loss == pytest.approx(mean([*trained.history["loss"], trained.tested[0]]))
    ((seconds,),) = written.ask(AVERAGE_TIME)
    assert seconds > 0


def test_a_test_leads_to_its_data_and_its_activity(written: GraphServer) -> None:
    """By the shortest path, whose ends are those that were asked for."""
    ((path,),) = written.ask(SHORTEST_TO_DATA)
    tags = {node.get("dlprov:ds_tag") for node in (path.start_node, path.end_node)}
    assert tags == {"otest", "oloaddata"}
    ((path,),) = written.ask(SHORTEST_TO_TEST)
    assert len(path) == 1


def test_the_complete_path_has_the_loading_and_the_test(written: GraphServer) -> None:
    """One of the paths goes from the metrics through both activities to the source of the data."""
    paths = [path for (path,) in written.ask(COMPLETE)]
    steps = [{node.get("dlprov:dt_tag") for node in path.nodes} for path in paths]
    assert any({"test", "loaddata"} <= step for step in steps)
    assert {path.end_node["dlprov:dataset_source"] for path in paths} == {ODD}


def test_a_model_leads_to_data_configuration_and_metrics(
    written: GraphServer, trained: Trained
) -> None:
    """Under DLProv's names of its sets and attributes."""
    rows = written.ask("""
        MATCH (:Entity {`dlprov:ds_tag`: 'otrainedmodel'})-[:wasGeneratedBy]->(:Activity)
              -[:used]->(:Entity)-[:wasGeneratedBy]->(training:Activity {`dlprov:dt_tag`: 'train'})
        MATCH (training)-[:used]->(data:Entity {`dlprov:ds_tag`: 'otrainset'}),
              (training)-[:used]->(used:Entity {`dlprov:ds_tag`: 'itrain'})
        MATCH (epoch:Entity {`dlprov:ds_tag`: 'otrain'})-[:wasGeneratedBy]->(training)
        RETURN DISTINCT used.`dlprov:optimizer_name`, used.`dlprov:num_epochs`,
               epoch.`dlprov:epoch`, epoch.`dlprov:mae`
    """)
    assert {row[:2] for row in rows} == {("SGD", EPOCHS)}
    assert sorted(row[2] for row in rows) == list(range(EPOCHS))
    measured = sorted(row[3] for row in rows)
    assert measured == pytest.approx(sorted(trained.history["mae"]))


def test_an_execution_leads_to_scientist_hardware_and_dataflow(
    written: GraphServer, trained: Trained
) -> None:
    """And its tasks are informed by it, as DLProv has them."""
    rows = written.ask(
        """
        MATCH (task:Activity {`dlprov:dt_tag`: 'train'})
              -[:wasInformedBy]->(run:Activity {`dlprov:exec_tag`: $execution}),
              (run)-[:wasAssociatedWith]->(who:Agent), (run)-[:used]->(plan:Entity)
        RETURN who.`dlprov:email`, who.`dlprov:os`, plan.`dlprov:df_tag`
        """,
        execution=trained.execution,
    )
    assert sorted(rows, key=str) == [
        ("ada@example.org", None, trained.dataflow),
        (None, "Linux", trained.dataflow),
    ]


def test_entities_are_found_by_their_loss(written: GraphServer, trained: Trained) -> None:
    """As a question for good epochs does it."""
    best = min(trained.history["loss"])
    rows = written.ask(
        "MATCH (n:Entity {`dlprov:ds_tag`: 'otrain'}) WHERE n.`dlprov:loss` <= $best "
        "RETURN n.`dlprov:epoch`",
        best=best + 1e-9,
    )
    assert rows == [(EPOCHS - 1,)]
