"""The graph of lineage, on real trainings that go on from each other's models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import keras_prov as keras
from dfanalyzer_client import flush
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import DefinitionError, UnknownTagError
from dfanalyzer_client.lineage import LineageGraph, graph_with
from dfanalyzer_client.lineage.chain import chain_with
from dfanalyzer_client.store import Connection, reader_connection
from dfanalyzer_client.viewer.stitched_curves import stitched_curves
from small_models import data, small_model

KEYS = {"LEARNING_RATE": True, "DATASET": True}


class Family(NamedTuple):
    """The ids of three executions, each of which loaded a model of the one before."""

    name: str
    folder: Path
    first: int
    second: int
    third: int


@pytest.fixture(scope="module")
def connection(home: Path) -> Iterator[Connection]:
    """A connection that may only read."""
    with reader_connection(None, home) as opened:
        yield opened


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory, connection: Connection) -> Family:
    """The second goes on from the second epoch of the first; the third trains twice."""
    folder = tmp_path_factory.mktemp("family")
    first = small_model()
    first.provenance(f"first-{folder.name}", hyps=KEYS)
    each_epoch = keras.callbacks.ModelCheckpoint(folder / "e{epoch}.keras")
    first.fit(*data(), epochs=4, verbose=0, callbacks=[each_epoch])
    first.evaluate(*data(20), verbose=0)
    second = keras.models.load_model(folder / "e2.keras")
    second.provenance(f"second-{folder.name}", hyps=KEYS)
    second.fit(*data(), epochs=3, verbose=0)
    second.save(folder / "second.keras")
    third = keras.models.load_model(folder / "second.keras")
    third.provenance(f"third-{folder.name}", hyps=KEYS)
    third.fit(*data(), epochs=2, verbose=0)
    third.fit(*data(), epochs=1, verbose=0)
    assert flush(30)
    tags = [model.get_dataflow().exec_tag for model in (first, second, third)]
    ids = [_id(connection, tag) for tag in tags]
    return Family(folder.name, folder, *ids)


def _id(connection: Connection, tag: str) -> int:
    with connection.transaction():
        ((id_,),) = connection.query(
            'SELECT id FROM "public".dataflow_execution WHERE tag = %s', [tag]
        )
    return int(id_)


def executions(graph: LineageGraph) -> set[str]:
    """The ids of the nodes that are executions."""
    return {node.id for node in graph.nodes if node.kind == "execution"}


def joined(graph: LineageGraph) -> set[tuple[str, str, str]]:
    """The edges, by the titles of what they join."""
    titles = {node.id: node.title for node in graph.nodes}
    return {(titles[edge.source], edge.relation, titles[edge.target]) for edge in graph.edges}


def test_data_models_tests_and_executions_are_joined_across_dataflows(
    family: Family, connection: Connection
) -> None:
    """From the data over the first execution's second epoch to the third execution."""
    first, second, third = (
        f"{name}-{family.name} #{id_}"
        for name, id_ in zip(("first", "second", "third"), family[2:], strict=True)
    )
    found = graph_with(connection, family.third)
    assert {
        ("training data x, y", "used", first),
        ("training data x, y", "used", second),
        ("training data x, y", "used", third),
        (first, "wasGeneratedBy", "e2.keras"),
        ("e2.keras", "used", second),
        (second, "wasGeneratedBy", "second.keras"),
        ("second.keras", "used", third),
        (first, "wasInformedBy", "test"),
        ("test data x, y", "used", "test"),
    } == joined(found)
    assert [node.id for node in found.nodes if node.is_start] == [f"execution:{family.third}"]


def test_depth_and_direction_say_how_far_it_goes(family: Family, connection: Connection) -> None:
    """A step is one derivation; what came before has nothing that came after."""
    ids = [f"execution:{id_}" for id_ in family[2:]]
    of: Callable[..., set[str]] = lambda **options: executions(  # noqa: E731  # said once
        graph_with(connection, family.second, **options)
    )
    assert of(depth=0) == {ids[1]}
    assert of(direction="before") == set(ids[:2])
    assert of(direction="after") == set(ids[1:])
    assert of() == set(ids)
    assert executions(graph_with(connection, family.first, depth=1)) == set(ids[:2])


@pytest.mark.thorough
def test_files_that_one_execution_knows_are_one_node(
    family: Family, connection: Connection
) -> None:
    """The checkpoints that nobody loaded, with their names; not the one that was."""
    found = graph_with(connection, family.first, direction="after", hide=["data"])
    files = {node.title: node for node in found.nodes if node.kind == "files"}
    assert set(files) == {"3 files", "e2.keras", "second.keras"}
    assert files["3 files"].facts["names"] == "e1.keras, e3.keras, e4.keras"
    assert files["e2.keras"].facts["after epoch"] == 1


@pytest.mark.thorough
def test_what_is_hidden_leaves_the_rest_joined(family: Family, connection: Connection) -> None:
    """Without files, an edge has their names; without data and tests, there are none."""
    found = graph_with(connection, family.third, hide=["files", "data", "tests"])
    assert {node.kind for node in found.nodes} == {"execution"}
    assert {edge.label for edge in found.edges} == {"e2.keras", "second.keras"}


@pytest.mark.thorough
def test_a_graph_begins_at_a_file_or_at_data(family: Family, connection: Connection) -> None:
    """By name, path or SHA-256, and data by the hash that DATASET stores."""
    by_path = graph_with(connection, file=str(family.folder / "e2.keras"))
    (start,) = [node for node in by_path.nodes if node.is_start]
    assert start.title == "e2.keras"
    by_hash = graph_with(connection, file=start.contents[0])
    assert by_hash.nodes == by_path.nodes
    assert graph_with(connection, file="e2.keras").nodes == by_path.nodes
    hashes = next(node for node in by_path.nodes if node.title == "training data x, y").contents
    of_data = graph_with(connection, file=hashes[0], direction="after", depth=0)
    assert executions(of_data) >= {f"execution:{id_}" for id_ in family[2:]}


@pytest.mark.thorough
def test_others_with_the_same_data_are_found(family: Family, connection: Connection) -> None:
    """Only if they are asked for: they were not derived from each other."""
    sibling = small_model()
    sibling.provenance(f"sibling-{family.name}", hyps=KEYS)
    sibling.fit(*data(), verbose=0)
    assert flush(30)
    here = f"execution:{_id(connection, sibling.get_dataflow().exec_tag)}"
    assert here not in executions(graph_with(connection, family.second))
    assert here in executions(graph_with(connection, family.second, direction="all"))


@pytest.mark.thorough
def test_derivations_that_programs_recorded_are_edges(tag: str, connection: Connection) -> None:
    """A model that is captured anew goes on from itself; an erased execution is said to be one."""
    from click.testing import CliRunner

    model = small_model()
    tags = []
    for name in ("before", "after"):
        model.provenance(f"{name}-{tag}", hyps={"LEARNING_RATE": True})
        model.fit(*data(), verbose=0)
        tags.append(model.get_dataflow().exec_tag)
    assert flush(30)
    after = _id(connection, tags[1])
    found = graph_with(connection, after)
    assert [edge.relation for edge in found.edges] == ["wasDerivedFrom"]
    assert [link.df_exec for link in chain_with(connection, after)] == [after - 1, after]
    assert executions(graph_with(connection, after, hide=["said"])) == {f"execution:{after}"}
    erased = CliRunner().invoke(main, ["forget", tags[0], "--yes"])
    assert erased.exit_code == 0, erased.output
    nodes = {node.kind: node.title for node in graph_with(connection, after).nodes}
    assert nodes["unknown"] == "erased"


@pytest.mark.thorough
def test_too_many_executions_are_counted(
    family: Family, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no room for more, the graph says how many are left out."""
    monkeypatch.setattr("dfanalyzer_client.lineage.graph_walk.MOST", 2)
    found = graph_with(connection, family.second)
    assert (len(executions(found)), found.more) == (2, 1)


def test_epochs_count_on_along_a_chain(family: Family, connection: Connection) -> None:
    """Without the first execution's epochs after the one that was continued."""
    assert [
        (link.file, link.training, link.epoch) for link in chain_with(connection, family.first)
    ][:2] == [("e2.keras", 1, 1), ("second.keras", 1, 2)]
    found = stitched_curves(connection, family.second)
    lines = {each["run"]: each for each in found["series"] if each["metric"] == "loss"}
    assert [lines[run]["epochs"] for run in range(3)] == [[0, 1], [2, 3, 4], [5, 6, 7]]
    assert all(len(each["epochs"]) == len(each["values"]) for each in found["series"])
    assert [(each["from"], each["to"]) for each in found["chain"]] == [(0, 1), (2, 4), (5, 7)]


@pytest.mark.thorough
def test_too_many_values_are_not_read(
    tag: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first metrics are, and it is said how many there are besides."""
    model = small_model(metrics=["mae", "mse"])
    model.provenance(tag)
    model.fit(*data(), epochs=3, verbose=0)
    model.evaluate(*data(), verbose=0)
    assert flush(30)
    id_ = _id(connection, model.get_dataflow().exec_tag)
    assert stitched_curves(connection, id_)["left_out"] == 0
    monkeypatch.setattr("dfanalyzer_client.viewer.stitched_curves.MOST_VALUES", 6)
    found = stitched_curves(connection, id_)
    assert (len(found["series"]), found["left_out"]) == (2, 1)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"file": "no-such-file"}, UnknownTagError, "keras-prov origin"),
        ({"run": "no-such-run"}, UnknownTagError, "no-such-run"),
        ({"direction": "up"}, DefinitionError, "both, before, after, all"),
        ({"depth": -1}, DefinitionError, "from 0"),
        ({"hide": ["x"]}, DefinitionError, "data, files, tests, said"),
    ],
)
def test_wrong_questions_say_what_is_right(
    family: Family, connection: Connection, options: Any, error: type[Exception], words: str
) -> None:
    """What was received, and what was expected."""
    with pytest.raises(error, match=words):
        graph_with(connection, **options)
