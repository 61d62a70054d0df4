"""Ready sets: federated learning as Flower-PROV's queries expect it."""

from __future__ import annotations

from typing import Any

from dfanalyzer_client import Dataflow, Task
from dfanalyzer_client.declarations.dataflow import Declaration
from dfanalyzer_client.ready_sets import federated_learning


def attributes(declaration: Declaration, tag: str) -> dict[str, str]:
    return declaration.sets[tag].attributes


def test_federated_learning_is_declared_as_in_flower_prov(tag: str) -> None:
    """Transformations, sets, who reads what, and types, as far as its queries name them."""
    declaration = Declaration(tag)
    declaration.merge(Dataflow(tag, federated_learning()).get_specification())

    assert list(declaration.transformations)[6:] == [
        "trainingconfig",
        "clienttraining",
        "servertrainingaggregation",
        "evaluationconfig",
        "clientevaluation",
        "serverevaluationaggregation",
    ]
    aggregated = attributes(declaration, "oservertrainingaggregation")
    numbers = ("server_round", "accuracy", "loss", "val_accuracy", "val_loss", "training_time")
    assert {aggregated[name] for name in numbers} == {"NUMERIC"}
    assert aggregated["client_loss"] == aggregated["weights_mongo_id"] == "TEXT"
    assert attributes(declaration, "oglobalmodel")["path"] == "FILE"
    assert attributes(declaration, "iserverconfig")["num_rounds"] == "NUMERIC"
    written = {name: each.producers for name, each in declaration.sets.items() if each.producers}
    assert written["oglobalmodel"] == ["servertrainingaggregation"]
    assert declaration.sets["oglobalmodel"].consumers == ["clienttraining", "clientevaluation"]
    assert declaration.sets["oserverevaluationaggregation"].consumers == ["trainingconfig"]
    assert all(each.attributes for each in declaration.sets.values())


def test_a_first_round_depends_on_a_task_that_never_comes(tag: str, ask: Any) -> None:
    """It is stored, its link waits, and the next round is linked to it."""
    flow = Dataflow(tag, federated_learning())
    for number in (1, 2):
        before = Task(number - 1, tag, flow.exec_tag, "ServerEvaluationAggregation")
        with flow.task("TrainingConfig", depends_on=before) as settings:
            settings.generated(server_round=number, dynamically_adjusted="False")
        with flow.task("ServerEvaluationAggregation") as evaluation:
            evaluation.generated(server_round=number, loss=1 / number)

    assert ask.set(tag, "oTrainingConfig", "server_round") == [(1,), (2,)]
    assert ask.rows(
        'SELECT w.previous_identifier FROM "public".waiting_dependency w '
        'JOIN "public".dataflow_execution e ON e.id = w.df_exec WHERE e.tag = %s',
        flow.exec_tag,
    ) == [(0,)]
    read = ask.set(tag, "oServerEvaluationAggregation", "server_round, trainingconfig_task_id")
    assert [(number, task is not None) for number, task in read] == [(1, True), (2, False)]
