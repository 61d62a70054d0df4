"""A database of many executions, for `benchmarks.asking`.

One execution of each dataflow is sent as messages, and stored by the same writer as any other. The
server then copies its rows, in every table in which it has some, for all further executions: with
other ids and times, other contents of files, and other metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    File,
    Set,
    SetType,
    Task,
    Transformation,
    client_for,
)
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.bulk import insert_rows
from dfanalyzer_client.store.comparison.metric_summaries import repair_summaries
from dfanalyzer_client.store.comparison.values import NO_METRICS
from dfanalyzer_client.store.inspection import tables_of
from dfanalyzer_client.store.layout import SetLayout
from dfanalyzer_client.store.reading import Catalogue
from dfanalyzer_client.store.schema import PUBLIC, TABLES, columns_of, table
from dfanalyzer_client.store.sql import identifier, qualified

__all__ = ["Size", "fill", "send_execution", "tag_of"]

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")
LAYERS, ARGUMENTS, FACTS = 10, 10, 100
HYPERPARAMETERS = {
    "OPTIMIZER_NAME": "adam",
    "LEARNING_RATE": 1e-3,
    "NUM_EPOCHS": 10.0,
    "BATCH_SIZE": 64.0,
    "NUM_LAYERS": float(LAYERS),
    "LOSS_FUNCTION": "sparse_categorical_crossentropy",
    "ACTIVATION": "relu",
}
NUMBERS = '"tmp"."copy_number"'
BEGAN = "2026-01-05 08:00:00.000000"
TASKS = 8
"""Ids of tasks that each copied execution takes, whether it has so many tasks or not."""


@dataclass(frozen=True)
class Size:
    """How large the database is.

    Attributes:
        executions: of all dataflows together; the dataflows take turns.
        epoch_rows: of all executions together.
        dataflows: how many.
        wide: executions with many metrics, in the last dataflow.
        wide_metrics: how many those have.
    """

    executions: int = 20_000
    epoch_rows: int = 10_000_000
    dataflows: int = 50
    wide: int = 200
    wide_metrics: int = 300

    @property
    def epochs(self) -> int:
        """Epochs of each execution."""
        return self.epoch_rows // self.executions


class Template(NamedTuple):
    """A stored execution that is copied: its id, and those of its first and last task."""

    execution: int
    first: int
    last: int


@dataclass(frozen=True)
class Copies:
    """Which numbers the copies of one template have among all copies: `count`, `step` apart."""

    first: int
    count: int
    step: int

    def offer(self, connection: Connection) -> None:
        """Put those numbers into the table `NUMBERS`, from which statements take them."""
        connection.execute(f"DELETE FROM {NUMBERS}")
        last = self.first + self.count * self.step
        rows = [(number,) for number in range(self.first, last, self.step)]
        insert_rows(connection, NUMBERS, ["value"], rows)


def tag_of(dataflow: int) -> str:
    """The tag of a dataflow, which are numbered from 0."""
    return f"asked-{dataflow:02}"


def fill(home: Path, size: Size, say: Callable[[str], object] = print) -> None:
    """Fill the private database of `home`, whose catalogue is created by the first message."""
    client = client_for(home=home)
    names = _send_templates(client, size)
    client.flush(None)
    with Connection(PrivateServer(home).ensure()) as connection:
        numbers = _Numbers(connection)
        with connection.transaction():
            connection.execute(
                "CREATE LOCAL TEMPORARY TABLE copy_number (value BIGINT) ON COMMIT PRESERVE ROWS"
            )
        for place, (dataflow, execution, copies) in enumerate(names, 1):
            with connection.transaction():
                copies.offer(connection)
                template = _template(connection, execution)
                _copy_execution(connection, tag_of(dataflow), template, numbers)
            say(f"{place} of {len(names)}: {copies.count} copies of {execution}")
        with connection.transaction():
            _skip_used_ids(connection)
            repair_summaries(connection)


def _send_templates(client: Client, size: Size) -> list[tuple[int, str, Copies]]:
    """Send an execution of each dataflow, and a wide one; returns how each is to be copied."""
    each = size.executions // size.dataflows
    last = size.dataflows - 1
    sent = []
    for dataflow in range(size.dataflows):
        wide = min(size.wide, each - 1) if dataflow == last else 0
        more = tuple(f"metric_{number}" for number in range(size.wide_metrics - len(METRICS)))
        metrics = METRICS + more if wide else METRICS
        narrow = Copies(dataflow, each - wide - 1, size.dataflows)
        name = f"{tag_of(dataflow)}-narrow"
        send_execution(client, tag_of(dataflow), name, size.epochs, METRICS, metrics)
        sent.append((dataflow, name, narrow))
        if wide:
            name = f"{tag_of(dataflow)}-wide"
            send_execution(client, tag_of(dataflow), name, size.epochs, metrics, metrics)
            first = narrow.first + narrow.count * narrow.step
            sent.append((dataflow, name, Copies(first, wide - 1, size.dataflows)))
    return sent


def send_execution(
    client: Client,
    tag: str,
    name: str,
    epochs: int,
    metrics: tuple[str, ...] = METRICS,
    declared: tuple[str, ...] = METRICS,
) -> None:
    """Send what a captured training, its test and its file say, with made-up values."""
    flow = Dataflow(tag, _transformations(declared), client=client)
    flow.exec_tag = name
    client.save_dataflow(flow.get_specification())
    training = Task(1, tag, name, tags.TRAINING)
    training.start_time = BEGAN
    for each in _inputs():
        training.add_dataset(each)
    training.begin()
    columns = [tags.EPOCH_ENDED, tags.ELAPSED_TIME, tags.EPOCH_ID, tags.LEARNING_RATE, *metrics]
    stream = training.stream(tags.TRAINING_OUTPUT, columns)
    for epoch in range(epochs):
        values = [(place + 1) / (epoch + 2 + place) for place in range(len(metrics))]
        stamp = f"2026-01-05 08:{epoch // 60 % 60:02}:{epoch % 60:02}.{epoch:06}"
        stream.send([stamp, 1.0 + epoch, float(epoch), 1e-3, *values])
    _add(training, tags.TRAINING_END, _row(tags.TRAINING_END, 1))
    training.end()
    adaptation = Task(1, tag, name, tags.ADAPTATION, dependency=training)
    _add(adaptation, tags.ADAPTATION_OUTPUT, _row(tags.ADAPTATION_OUTPUT, 1))
    adaptation.end()
    testing = Task(1, tag, name, tags.TESTING, dependency=training)
    testing.add_dataset(DataSet(tags.TESTING_OUTPUT, [Element([BEGAN, 0.5, 0.9])]))
    testing.end()
    saving = Task(1, tag, name, tags.SAVING, dependency=training)
    saving.add_file(File("model.keras", f"/models/{name}", mode="written", size=1, sha256="0" * 64))
    _add(saving, tags.SAVED_FILE, _row(tags.SAVED_FILE, 1))
    saving.end()


def _transformations(metrics: tuple[str, ...]) -> list[Transformation]:
    hyperparameters = _set(tags.TRAINING_INPUT)
    for key, value in HYPERPARAMETERS.items():
        type_ = AttributeType.TEXT if isinstance(value, str) else AttributeType.NUMERIC
        hyperparameters.add_attribute(Attribute(key, type_))
    output, tested = _set(tags.TRAINING_OUTPUT), _set(tags.TESTING_OUTPUT)
    for metric in (tags.LEARNING_RATE, *metrics):
        output.add_attribute(Attribute(metric, AttributeType.NUMERIC))
    for metric in ("otest_loss", "otest_accuracy"):
        tested.add_attribute(Attribute(metric, AttributeType.NUMERIC))
    inputs = [_set(tag) for tag in (tags.LAYERS, tags.CONNECTIONS, tags.ENVIRONMENT)]
    training = Transformation(
        tags.TRAINING, [hyperparameters, *inputs, output, _set(tags.TRAINING_END)]
    )
    output.set_type(SetType.INPUT)
    output.dependency = training.tag
    return [
        training,
        Transformation(tags.ADAPTATION, [output, _set(tags.ADAPTATION_OUTPUT)]),
        Transformation(tags.TESTING, [output, tested]),
        Transformation(tags.SAVING, [_set(tags.SAVED_FILE)]),
    ]


def _set(tag: str) -> Set:
    known = SETS[tag]
    type_ = SetType.INPUT if known.producer is None else SetType.OUTPUT
    columns = [Attribute(column.name, AttributeType[column.type]) for column in known.columns]
    return Set(tag, type_, columns)


def _inputs() -> Iterator[DataSet]:
    row = [BEGAN, *HYPERPARAMETERS.values()]
    yield DataSet(tags.TRAINING_INPUT, [Element(row)])
    for tag, count in ((tags.LAYERS, LAYERS * ARGUMENTS), (tags.ENVIRONMENT, FACTS)):
        yield DataSet(tag, [Element(_row(tag, number)) for number in range(count)])
    edges = [Element([f"dense_{n}", f"dense_{n + 1}"]) for n in range(LAYERS - 1)]
    yield DataSet(tags.CONNECTIONS, edges)


def _row(tag: str, number: int) -> list[str | float]:
    """A made-up row of a set."""
    return [
        BEGAN
        if column.is_time
        else float(number)
        if column.type == "NUMERIC"
        else f"{column.name.lower()} {number}"
        for column in SETS[tag].columns
    ]


def _add(task: Task, tag: str, row: list[str | float]) -> None:
    task.add_dataset(DataSet(tag, [Element(row)]))


class _Numbers:
    """The first ids that copies may have: behind those of all templates."""

    def __init__(self, connection: Connection) -> None:
        with connection.transaction():
            self.execution = _next(connection, "dataflow_execution")
            self.task = _next(connection, "task_begun")


def _next(connection: Connection, name: str) -> int:
    ((last,),) = connection.query(f"SELECT max(id) FROM {table(name)}")
    return int(last) + 1


def _template(connection: Connection, tag: str) -> Template:
    ((execution, first, last),) = connection.query(
        f"SELECT e.id, min(t.id), max(t.id) FROM {table('dataflow_execution')} e "
        f"JOIN {table('task_begun')} t ON t.df_exec = e.id WHERE e.tag = %s GROUP BY e.id",
        [tag],
    )
    return Template(execution, first, last)


def _copy_execution(
    connection: Connection, tag: str, template: Template, numbers: _Numbers
) -> None:
    """Copy the rows of an execution in all tables of the catalogue and in those of its sets."""
    task = f"+ {numbers.task} - {template.first} + n.value * {TASKS}"
    changed = {
        "df_exec": f"{numbers.execution} + n.value",
        "began": "t.\"began\" + CAST(n.value AS INTEGER) * INTERVAL '60' SECOND",
        "ended": "t.\"ended\" + CAST(n.value AS INTEGER) * INTERVAL '60' SECOND",
        "sha256": "substring(t.\"sha256\", 1, 56) || lpad(CAST(n.value AS TEXT), 8, '0')",
    }
    connection.execute(
        f"INSERT INTO {table('dataflow_execution')} SELECT {numbers.execution} + n.value, "
        f"t.tag || '-' || CAST(n.value AS TEXT), t.df_id FROM {table('dataflow_execution')} AS t, "
        f"{NUMBERS} AS n WHERE t.id = {template.execution}"
    )
    within = f"BETWEEN {template.first} AND {template.last}"
    for name, definition in TABLES.items():
        types = columns_of(definition)
        key = "id" if name == "task_begun" else "task_id"
        if key not in types or name in ("execution_link", "metric_summary"):
            continue
        tasks = {column: f"t.{identifier(column)} {task}" for column in _task_columns(types)}
        own = {"id": f"NEXT VALUE FOR {table(f'{name}_id_seq')}"} if "id" in types else {}
        own |= {"id": f"t.id {task}"} if name == "task_begun" else {}
        values = {"value": _measured('t."value"')} if name == "metric_value" else {}
        select = _selected(types, {**changed, **own, **tasks, **values})
        connection.execute(
            f"INSERT INTO {table(name)} ({', '.join(map(identifier, types))}) SELECT {select} "
            f"FROM {table(name)} AS t, {NUMBERS} AS n WHERE t.{identifier(key)} {within}"
        )
    for known in _sets(connection, tag):
        _copy_set(connection, tag, known, task, within)


def _copy_set(
    connection: Connection, schema: str, known: SetLayout, task: str, within: str
) -> None:
    name, sequence = qualified(schema, known.table), qualified(schema, known.sequence)
    changed = {"id": f"NEXT VALUE FOR {sequence}"}
    changed |= {column: f"t.{identifier(column)} {task}" for column in known.task_columns}
    if known.role in ("epochs", "tests"):
        changed |= {
            column: _measured(f"t.{identifier(column)}")
            for column, attribute in known.attributes.items()
            if attribute.type == "NUMERIC" and column not in NO_METRICS
        }
    columns = ["id", *known.columns]
    writers = ", ".join(f"t.{identifier(column)}" for column in known.task_columns)
    first = writers if len(known.task_columns) == 1 else f"COALESCE({writers})"
    connection.execute(
        f"INSERT INTO {name} ({', '.join(map(identifier, columns))}) "
        f"SELECT {_selected(dict.fromkeys(columns, ''), changed)} "
        f"FROM {name} AS t, {NUMBERS} AS n WHERE {first} {within}"
    )


def _sets(connection: Connection, tag: str) -> list[SetLayout]:
    layout = Catalogue(connection).layout(tag)
    return [] if layout is None else list(layout.sets.values())


def _task_columns(types: dict[str, str]) -> list[str]:
    return [name for name in ("task_id", "previous_task_id") if name in types]


def _selected(types: dict[str, str], changed: dict[str, str]) -> str:
    return ", ".join(changed.get(name, f"t.{identifier(name)}") for name in types)


def _measured(column: str) -> str:
    """A metric of a copy: that of the template, changed by up to a tenth."""
    return f"{column} * (1e0 + CAST(n.value * 7919 % 1000 AS DOUBLE) / 1e4)"


def _skip_used_ids(connection: Connection) -> None:
    """Let the sequences continue behind the ids that were computed here."""
    for name in ("dataflow_execution", "task_begun"):
        if name in tables_of(connection, PUBLIC):
            next_id = _next(connection, name)
            connection.execute(f"ALTER SEQUENCE {table(f'{name}_id_seq')} RESTART WITH {next_id}")
