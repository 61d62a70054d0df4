"""An execution becomes the PROV document that docs/explanation/prov.md says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prov.identifier import QualifiedName
from prov.model import (
    ProvActivity,
    ProvAssociation,
    ProvAttribution,
    ProvCommunication,
    ProvDerivation,
    ProvGeneration,
    ProvMembership,
    ProvSpecialization,
    ProvStart,
    ProvUsage,
)

import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DfAnalyzerError,
    File,
    Program,
    Set,
    SetType,
    Task,
    Transformation,
    flush,
    prov_document,
)
from dfanalyzer_client.errors import UnknownTagError
from small_models import data, small_model
from w3c_prov.asking import Document, local, value
from w3c_prov.conftest import EPOCHS, HALVED, Trained
from w3c_prov.constraints import violations

TRAINING = "task.trainingmodel.1"


@pytest.fixture
def document(trained: Trained) -> Document:
    """The first execution's."""
    return Document(prov_document(trained.first, prospective=True))


@pytest.mark.parametrize("options", [{}, {"epochs": False}, {"prospective": True}])
def test_a_document_meets_the_constraints_of_prov(trained: Trained, options: Any) -> None:
    """Of both executions, with and without epochs and design."""
    for execution in (trained.first, trained.second):
        assert violations(prov_document(execution, **options)) == []


def test_each_epoch_is_an_entity_that_the_training_generated(
    document: Document, trained: Trained
) -> None:
    """Its values are Keras' own, its time lies in the training's; the set is their collection."""
    training = document.record(TRAINING)
    for epoch, (loss, mae) in enumerate(
        zip(trained.history["loss"], trained.history["mae"], strict=True)
    ):
        entity = document.record(f"set.otrainingmodel.{epoch + 1}")
        assert (value(entity, "epoch_id"), value(entity, "loss")) == (epoch, loss)
        assert value(entity, "mae") == mae
    epochs = {f"set.otrainingmodel.{number + 1}" for number in range(EPOCHS)}
    assert epochs <= {one for one, other in document.pairs(ProvGeneration) if other == TRAINING}
    assert epochs == {
        other for one, other in document.pairs(ProvMembership) if one == "set.otrainingmodel"
    }
    times = [
        each.args[2] for each in document.relations(ProvGeneration) if local(each.args[0]) in epochs
    ]
    assert isinstance(training, ProvActivity)
    assert times == sorted(times)
    assert len(times) == EPOCHS
    assert training.get_startTime() < times[0] <= times[-1] <= training.get_endTime()


def test_an_adaptation_revises_the_configuration(document: Document) -> None:
    """The next epochs come of the new configuration, which was made for the state it found."""
    revisions = {
        (local(each.args[0]), local(each.args[1]))
        for each in document.relations(ProvDerivation)
        if "Revision" in [local(kind) for kind in each.get_asserted_types()]
    }
    assert revisions == {
        ("set.oadaptation.1", "set.itrainingmodel.1"),
        ("set.oadaptation.2", "set.oadaptation.1"),
    }
    derived = document.pairs(ProvDerivation)
    first, second = HALVED
    for epoch in range(EPOCHS):
        held = "itrainingmodel.1" if epoch < first else f"oadaptation.{1 + (epoch >= second)}"
        assert (f"set.otrainingmodel.{epoch + 1}", f"set.{held}") in derived
    assert ("task.adaptation.1", f"set.otrainingmodel.{first}") in document.pairs(ProvUsage)
    assert (TRAINING, "set.oadaptation.1") in document.pairs(ProvUsage)


def test_a_test_used_the_newest_epoch(document: Document, trained: Trained) -> None:
    """What `evaluate()` measured comes of the last epoch and of the data it was tested on."""
    tested = document.record("set.otestingmodel.1")
    assert [value(tested, "otest_loss"), value(tested, "otest_mae")] == trained.tested
    derived = document.pairs(ProvDerivation)
    assert ("set.otestingmodel.1", f"set.otrainingmodel.{EPOCHS}") in derived
    assert ("set.otestingmodel.1", "set.itestingdataset") in derived
    assert ("task.testingmodel.1", TRAINING) in document.pairs(ProvCommunication)


def test_a_model_leads_to_its_data_and_configuration(document: Document, trained: Trained) -> None:
    """Its file is an entity with place and SHA-256 that comes of epoch, data and configuration."""
    (file,) = document.of_type("Model")
    assert value(file, "sha256") == trained.sha256
    assert int(value(file, "size")) == trained.model.stat().st_size
    assert value(file, "location").uri == trained.model.as_uri()
    derived = document.pairs(ProvDerivation)
    name = local(file.identifier)
    for source in (f"set.otrainingmodel.{EPOCHS}", "set.idataset", "set.itrainingmodel.1"):
        assert (name, source) in derived
    assert (name, f"sha256.{trained.sha256}") in document.pairs(ProvSpecialization)


def test_an_execution_continues_another(trained: Trained) -> None:
    """Its results come of the file that it read, and of the other's results."""
    first, second = prov_document(trained.first), prov_document(trained.second)
    sources = {
        str(each.args[1].uri)
        for each in second.get_records(ProvDerivation)
        if local(each.args[0]) == "results"
    }
    results = {each.identifier.uri for each in first.records if local(each.identifier) == "results"}
    assert results < sources
    contents = [
        {other for _, other in Document(each).pairs(ProvSpecialization)} for each in (first, second)
    ]
    assert contents[0] & contents[1] == {f"sha256.{trained.sha256}"}


def test_two_documents_unify(trained: Trained) -> None:
    """Statements on both executions in one document still meet the constraints."""
    both = prov_document(trained.first)
    both.update(prov_document(trained.second))
    unified = both.unified()
    assert violations(unified) == []
    assert len(Document(unified).of_type("Dataflow")) == 1
    assert len(Document(unified).of_type("Execution")) == 2


def test_tasks_are_steps_of_the_execution_and_follow_the_plan(
    document: Document, trained: Trained
) -> None:
    """The execution started each; the dataflow is its plan, the transformation that of a task."""
    (run,) = document.of_type("Execution")
    tasks = document.of_type("Task")
    started = {(local(each.args[0]), local(each.args[2])) for each in document.relations(ProvStart)}
    assert started == {(local(each.identifier), local(run.identifier)) for each in tasks}
    assert len(tasks) == 6  # of DenseBlock, training, two adaptations, test, saving
    plans = {
        (local(each.args[0]), local(each.args[2])) for each in document.relations(ProvAssociation)
    }
    (plan,) = document.of_type("Dataflow")
    assert (local(run.identifier), local(plan.identifier)) in plans
    transformation = f"{local(plan.identifier)}.transformation.trainingmodel"
    assert (TRAINING, transformation) in plans
    assert (local(plan.identifier), transformation) in document.pairs(ProvMembership)


def test_agents_are_whom_the_environment_names(document: Document) -> None:
    """The user, Keras and TensorFlow with their versions, us, and the machine."""
    import tensorflow as tf

    from keras_prov._version import __version__

    names = {"Keras": keras.__version__, "TensorFlow": tf.__version__, "Keras-Prov": __version__}
    keras_, tensorflow, ours = (f"{name} {version}" for name, version in names.items())
    (person,) = document.of_type("Person")
    assert document.delegations() == {
        (keras_, person.label),
        (ours, person.label),
        (tensorflow, keras_),
    }
    (machine,) = document.of_type("Machine")
    (run,) = document.of_type("Execution")
    associated = document.pairs(ProvAssociation)
    for agent in (person, machine, document.labelled(ours)):
        assert (local(run.identifier), local(agent.identifier)) in associated
    keras_name = local(document.labelled(keras_).identifier)
    assert (TRAINING, keras_name) in associated
    assert ("set.otrainingmodel", local(person.identifier)) in document.pairs(ProvAttribution)


def test_an_author_is_the_person(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the argument, else of KERAS_PROV_AUTHOR; with the ORCID iD."""
    author = "Ada Lovelace <ada@example.org> https://orcid.org/0000-0002-1825-0097"
    monkeypatch.setenv("KERAS_PROV_AUTHOR", "Somebody Else")
    for options, label in (({"author": author}, "Ada Lovelace"), ({}, "Somebody Else")):
        (person,) = Document(prov_document(trained.second, **options)).of_type("Person")
        assert person.label == label
    (person,) = Document(prov_document(trained.second, author=author)).of_type("Person")
    assert value(person, "orcid") == "https://orcid.org/0000-0002-1825-0097"
    with pytest.raises(DfAnalyzerError, match="author"):
        prov_document(trained.second, author="<>")


def test_without_epochs_those_remain_that_something_goes_back_to(trained: Trained) -> None:
    """Those that adaptations and the test read, and the last; the set says how many there were."""
    document = Document(prov_document(trained.first, epochs=False))
    kept = {value(each, "epoch_id") for each in document.of_type("Epoch")}
    assert kept == {epoch - 1 for epoch in HALVED} | {EPOCHS - 1}
    assert int(value(document.record("set.otrainingmodel"), "rows")) == EPOCHS


def test_the_design_is_there_on_request(trained: Trained) -> None:
    """Transformations, sets and attributes, with who writes and reads a set; else plans alone."""
    plain = Document(prov_document(trained.first))
    assert not plain.of_type("SetDefinition")
    design = Document(prov_document(trained.first, prospective=True))
    output = design.labelled("set otrainingmodel")
    readers = {local(each) for key, each in output.attributes if key.localpart == "readBy"}
    assert {each.rpartition(".")[2] for each in readers} == {"adaptation", "testingmodel"}
    attributes = {
        value(each, "attribute"): value(each, "type") for each in design.of_type("Attribute")
    }
    assert attributes["growth_rate"] == "NUMERIC"
    assert attributes["optimizer_name"] == "TEXT"


def test_every_term_of_ours_is_documented(trained: Trained) -> None:
    """Classes and attributes of the namespace `kp` stand in docs/explanation/prov.md."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "explanation" / "prov.md").read_text(encoding="utf-8")
    terms = set()
    for execution in (trained.first, trained.second):
        document = prov_document(execution, prospective=True, author="Ada <ada@example.org>")
        for record in document.records:
            for name, term in record.attributes:
                terms |= {str(each) for each in (name, term) if isinstance(each, QualifiedName)}
    ours = {term for term in terms if term.startswith("kp:")}
    assert len(ours) > 30
    assert {term for term in ours if f"`{term}`" not in page} == set()


def test_the_document_of_a_model(tag: str) -> None:
    """`keras_prov.prov_document(model)` holds what was said up to now; others are refused."""
    model = small_model()
    with pytest.raises(ValueError, match="captured"):
        keras.prov_document(model)
    model.provenance(tag, hyps={"LEARNING_RATE": True})
    model.fit(*data(), epochs=2, verbose=0)
    document = Document(keras.prov_document(model))
    assert len(document.of_type("Epoch")) == 2
    by_tag = keras.prov_document(model.get_dataflow().exec_tag)
    assert document.bundle.get_provn() == by_tag.get_provn()


def test_a_training_that_fails(tag: str) -> None:
    """Its status and its error stand with its task, and what it wrote before is there."""
    model = small_model()
    model.provenance(tag)

    def fails(epoch: int, logs: Any) -> None:
        if epoch == 1:
            raise RuntimeError("no \x07 more")

    with pytest.raises(RuntimeError):
        model.fit(
            *data(),
            epochs=3,
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fails)],
        )
    document = Document(keras.prov_document(model))
    task = document.record(TRAINING)
    assert value(task, "status") == "FAILED"
    assert value(task, "error") == "RuntimeError: no \\u0007 more"
    assert violations(document.bundle) == []


def test_a_training_that_runs_has_no_end(tag: str) -> None:
    """Exported in its midst: no end of task and execution, and the epochs that are there."""
    found = []
    model = small_model()
    model.provenance(tag)

    def export(epoch: int, logs: Any) -> None:
        if epoch == 1:
            found.append(keras.prov_document(model))

    model.fit(
        *data(),
        epochs=3,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=export)],
    )
    document = Document(found[0])
    for kind in ("Task", "Execution"):
        (activity,) = document.of_type(kind)
        assert isinstance(activity, ProvActivity)
        assert activity.get_startTime() is not None
        assert activity.get_endTime() is None
    assert len(document.of_type("Epoch")) == 1
    assert violations(document.bundle) == []


def test_a_workflow_without_keras(tag: str) -> None:
    """Programs are its agents; a task uses what the task that it depends on has generated."""
    numeric = AttributeType.NUMERIC
    mesh = Set("oMesh", SetType.OUTPUT, [Attribute("CELLS", numeric)])
    making = Transformation("Mesh", [mesh], [Program("gmsh", "/opt/gmsh")])
    mesh.set_type(SetType.INPUT)
    mesh.dependency = making.tag
    solved = Set("oSolve", SetType.OUTPUT, [Attribute("RESIDUAL", numeric)])
    dataflow = Dataflow(tag, [making, Transformation("Solve", [mesh, solved])])
    dataflow.save()
    with dataflow.task("Mesh") as first:
        first.generated(cells=1)
        first.generated(cells=2)
        first.task.add_file(File("mesh.msh", "mesh.msh"))
    with dataflow.task("Solve", depends_on=[first]) as second:
        second.generated(residual=0.5)
    assert flush(30)
    document = Document(prov_document(dataflow.exec_tag))
    (agent,) = document.of_type("SoftwareAgent")
    assert agent.label == "gmsh"
    used = document.pairs(ProvUsage)
    assert {("task.solve.1", f"set.omesh.{number}") for number in (1, 2)} <= used
    assert ("set.osolve.1", "set.omesh") in document.pairs(ProvDerivation)
    assert violations(document.bundle) == []


def test_tasks_of_one_number_are_told_apart(tag: str) -> None:
    """Two tasks of one transformation that a script gave the same id are two activities."""
    output = Set("oStep", SetType.OUTPUT, [Attribute("X", AttributeType.NUMERIC)])
    dataflow = Dataflow(tag, [Transformation("Step", [output])])
    dataflow.save()
    for sub in ("a", "b"):
        task = Task(1, tag, dataflow.exec_tag, "Step", sub_id=sub)
        task.begin()
        task.end()
    assert flush(30)
    document = prov_document(dataflow.exec_tag)
    assert len({each.identifier for each in Document(document).of_type("Task")}) in (1, 2)
    assert violations(document) == []


def test_an_unknown_execution_is_an_error(home: Path) -> None:
    """As is a base that is no IRI."""
    with pytest.raises(UnknownTagError, match="keras-prov runs"):
        prov_document("no such execution")
    with pytest.raises(DfAnalyzerError, match=r"ends with /.*Received: 'ex'"):
        prov_document("last", base="ex")
