"""Executions of the grid's dataflow, said without a training."""

from __future__ import annotations

from typing import Any

from benchmarks.configurations import TAG
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)

NUMERIC, TEXT = AttributeType.NUMERIC, AttributeType.TEXT
SETS: dict[str, dict[str, Any]] = {
    "TrainingModel": {
        "iTrainingModel": {
            "LEARNING_RATE": NUMERIC,
            "DECAY": NUMERIC,
            "MOMENTUM": NUMERIC,
            "NUM_EPOCHS": NUMERIC,
            "BATCH_SIZE": NUMERIC,
            "BLOCKS": TEXT,
            "GROWTH_RATE": NUMERIC,
        },
        "oTrainingModel": {
            "ELAPSED_TIME": NUMERIC,
            "EPOCH_ID": NUMERIC,
            "LOSS": NUMERIC,
            "VAL_LOSS": NUMERIC,
        },
    },
    "Adaptation": {
        "oAdaptation": {"NEW_LRATE": NUMERIC, "EPOCH_ID": NUMERIC, "OLD_LRATE": NUMERIC}
    },
    "DenseBlock": {"iDenseBlock": {"BLOCK": NUMERIC, "GROWTH_RATE": NUMERIC, "LAYERS": NUMERIC}},
}


def described() -> list[Transformation]:
    """The transformations of the grid's dataflow that the questions are about."""
    return [
        Transformation(
            name,
            [
                Set(
                    tag,
                    SetType.INPUT if tag.startswith("i") else SetType.OUTPUT,
                    [Attribute(*each) for each in attributes.items()],
                )
                for tag, attributes in sets.items()
            ],
        )
        for name, sets in SETS.items()
    ]


def trained(
    client: Any, name: str, layers: int, growth: int, rate: float, batch: int, losses: list[float]
) -> None:
    """An execution with three blocks, and a row for each epoch; validation losses are twice."""
    dataflow = Dataflow(TAG, described(), client=client)
    dataflow.exec_tag = name
    client.save_dataflow(dataflow.get_specification())

    def say(transformation: str, end: bool = True, **rows: list[list[Any]]) -> None:
        task = Task(1, TAG, name, transformation)
        for tag, elements in rows.items():
            task.add_dataset(DataSet(tag, [Element(values) for values in elements]))
        task.end() if end else task.begin()

    say("DenseBlock", iDenseBlock=[[block, growth, layers] for block in (1, 2, 3)])
    blocks = "-".join([str(layers)] * 3)
    epochs = [
        [batch / 10 + (9 if not epoch else 0), epoch, loss, 2 * loss]
        for epoch, loss in enumerate(losses)
    ]
    say(
        "TrainingModel",
        iTrainingModel=[[rate, 1e-4, 0.9, len(losses), batch, blocks, growth]],
        oTrainingModel=epochs,
    )
    if len(losses) > 3:
        say("Adaptation", oAdaptation=[[rate / 2, 2, rate]])
