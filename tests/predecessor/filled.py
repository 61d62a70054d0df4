"""A database as the predecessor's server made and filled it.

Its tables, with the keys, the sequences that give their ids, the lengths of its texts, a function
that inserts, and its habits: `null` for a missing text, −9999999 for NaN, the reader's task id
written into the rows that it read, a set in the catalogue whose table was never made.
"""

from __future__ import annotations

from typing import Any

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.store import Connection
from predecessor.shapes import SHAPES, Shape, Table

TAG = "mnistrun"
EXECUTIONS = ("MnistRun2020-05-01 10:00:00.1", "MnistRun2020-05-02 11:00:00.2")

SETS: dict[str, tuple[list[str], list[str], dict[str, str]]] = {
    "itrainingmodel": (
        [],
        ["trainingmodel"],
        {"itrain_timestamp": "TEXT", "optimizer_name": "TEXT", "learning_rate": "NUMERIC"},
    ),
    "otrainingmodel": (
        ["trainingmodel"],
        ["adaptation", "testingmodel"],
        {
            "otrain_timestamp": "TEXT",
            "elapsed_time": "TEXT",
            "epoch_id": "NUMERIC",
            "loss": "NUMERIC",
        },
    ),
    "oadaptation": (
        ["adaptation"],
        [],
        {
            "new_lrate": "NUMERIC",
            "atimestamp": "TEXT",
            "epoch_id": "NUMERIC",
            "adaptation_id": "NUMERIC",
        },
    ),
    "otestingmodel": (["testingmodel"], [], {"otest_timestamp": "TEXT", "otest_loss": "NUMERIC"}),
    "lost": ([], ["trainingmodel"], {"index": "TEXT"}),
}
"""Of each set who writes it, who reads it, and its attributes; the table of `lost` is missing."""

INSERT_FUNCTION = """
CREATE FUNCTION "public".{name}(v_tag VARCHAR(50)) RETURNS INTEGER
BEGIN
  INSERT INTO "public".{table}({column}) VALUES (v_tag);
  RETURN SELECT max(id) FROM "public".{table};
END
"""

INSERTS = {
    "insertdataflow": ("dataflow", "tag"),
    "insertscientist": ("data_scientist", "email"),
    "inserthardwareinfo": ("hardware_info", "hostname"),
}


def fill(url: StoreURL, shape: Shape = SHAPES["newest"]) -> None:
    """Make the tables of a version, and two executions of one dataflow in them.

    Where tasks name no execution, both are of the same tasks, as its server did it.
    """
    connection = Connection(url)
    with connection.transaction():
        connection.execute('CREATE SCHEMA "public"')
        for name, table in shape.tables.items():
            _create(connection, name, table, shape)
        uuid = "uuid VARCHAR(36), " * ("uuid" in shape.tables["dataflow"].columns)
        connection.execute(
            'CREATE TABLE "public".use_program (dt_id INTEGER NOT NULL, program_id INTEGER '
            f"NOT NULL, {uuid}PRIMARY KEY (dt_id, program_id), "
            'FOREIGN KEY (dt_id) REFERENCES "public".data_transformation (id), '
            'FOREIGN KEY (program_id) REFERENCES "public".program (id))'
        )
        for name in ("insertdataflow", *shape.functions):
            table, column = INSERTS[name]
            connection.execute(INSERT_FUNCTION.format(name=name, table=table, column=column))
        connection.execute(f'CREATE SCHEMA "{TAG}"')
        for tag, (producers, consumers, attributes) in SETS.items():
            if tag != "lost":
                _create_set(connection, tag, shape, [*producers, *consumers], attributes)
    with connection.transaction():
        rows = Rows(connection, shape)
        _fill_catalogue(rows)
        for number in range(len(EXECUTIONS)):
            _fill_execution(rows, number)
    connection.close()


class Rows:
    """Adds rows to tables, with a uuid where they have that column."""

    def __init__(self, connection: Connection, shape: Shape) -> None:
        self.connection, self.shape = connection, shape
        self._count = 0

    def add(self, name: str, /, **values: Any) -> None:
        """Add a row to a table of the catalogue; values that it has no column for are left out."""
        if name != "use_program":
            columns = self.shape.tables[name].columns if name in self.shape.tables else {}
            values = {column: value for column, value in values.items() if column in columns}
            if "uuid" in columns:
                values["uuid"] = self._uuid()
        if values:
            self._insert(f'"public".{name}', values)

    def add_to_set(self, tag: str, /, **values: Any) -> None:
        """Add a row to the table of a set."""
        more = dict.fromkeys(self.shape.set_columns, self._uuid())
        self._insert(f'"{TAG}"."ds_{tag}"', values | more)

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())
        )

    def _uuid(self) -> str:
        self._count += 1
        return f"00000000-0000-4000-8000-{self._count:012}"


def _create(connection: Connection, name: str, table: Table, shape: Shape) -> None:
    sequence = f'"public"."{table.sequence}_id_seq"'
    connection.execute(f"CREATE SEQUENCE {sequence} AS INTEGER START WITH 1")
    keys = [f"PRIMARY KEY ({table.primary})"]
    for column, other in table.references.items():
        keys.append(
            f'FOREIGN KEY ({column}) REFERENCES "public".{other} ({shape.tables[other].primary}) '
            "ON DELETE CASCADE ON UPDATE CASCADE"
        )
    columns = ", ".join(f'"{column}" {type_}' for column, type_ in table.columns.items())
    connection.execute(
        f'CREATE TABLE "public".{name} ({table.first} INTEGER DEFAULT NEXT VALUE FOR {sequence} '
        f"NOT NULL, {columns}, {', '.join(keys)})"
    )


def _create_set(
    connection: Connection,
    tag: str,
    shape: Shape,
    transformations: list[str],
    attributes: dict[str, str],
) -> None:
    connection.execute(f'CREATE SEQUENCE "{TAG}"."{tag}_id_seq" AS INTEGER')
    tasks = [f"{name} VARCHAR(36)" for name in shape.set_columns]
    tasks += [f'"{each}_task_id" INTEGER' for each in transformations]
    values = [
        f'"{name}" {"DOUBLE" if kind == "NUMERIC" else "VARCHAR(500)"}'
        for name, kind in attributes.items()
    ]
    keys = [
        f'FOREIGN KEY ("{each}_task_id") REFERENCES "public".task (id) ON DELETE CASCADE'
        for each in transformations
    ]
    connection.execute(
        f'CREATE TABLE "{TAG}"."ds_{tag}" (id INTEGER DEFAULT NEXT VALUE FOR '
        f'"{TAG}"."{tag}_id_seq" NOT NULL, {", ".join(tasks + values)}, PRIMARY KEY (id), '
        f"{', '.join(keys)})"
    )
    names = ", ".join(
        f'"{name}"'
        for name in [
            "id",
            *shape.set_columns,
            *(f"{each}_task_id" for each in transformations),
            *attributes,
        ]
    )
    connection.execute(f'CREATE VIEW "{TAG}"."{tag}" AS SELECT {names} FROM "{TAG}"."ds_{tag}"')


def _fill_catalogue(rows: Rows) -> None:
    rows.add("data_scientist", email="ada@example.org")
    rows.add("hardware_info", hostname="node1", ram_total_gb=64.0, in_container=False)
    rows.add("dataflow", tag=TAG)
    rows.add("dataflow_version", df_id=1)
    transformations = {"trainingmodel": 1, "adaptation": 2, "testingmodel": 3}
    for tag in transformations:
        rows.add("data_transformation", df_id=1, tag=tag)
    rows.add("program", df_id=1, name="train.py", path="/opt/train.py", version="1.0")
    rows.add("use_program", dt_id=1, program_id=1)
    for number, (tag, (producers, consumers, attributes)) in enumerate(SETS.items(), 1):
        rows.add("data_set", df_id=1, tag=tag)
        for producer in producers or [None]:
            for consumer in consumers or [None]:
                rows.add(
                    "data_dependency",
                    ds_id=number,
                    previous_dt_id=transformations.get(producer or ""),
                    next_dt_id=transformations.get(consumer or ""),
                )
        for name, kind in attributes.items():
            rows.add("attribute", ds_id=number, name=name, type=kind)
    if rows.shape.executions:
        for execution in EXECUTIONS:
            rows.add("dataflow_execution", tag=execution, df_id=1, scientist_id=1, hardware_id=1)
    else:
        rows.add("dataflow_execution", df_id=1, execution_datetime="2020-05-01 10:00:00")


def _fill_execution(rows: Rows, number: int) -> None:
    """Two epochs and a test; the second execution's first loss was a NaN."""
    is_named = rows.shape.executions is not None
    first = number * 2 + 1 if is_named else 1
    if is_named or number == 0:
        _fill_tasks(rows, number, first)
    rate = 0.1 / (number + 1)
    rows.add_to_set(
        "itrainingmodel",
        trainingmodel_task_id=first,
        itrain_timestamp="then",
        optimizer_name="SGD",
        learning_rate=rate,
    )
    for epoch in range(2):
        loss = -9999999.0 if number and not epoch else 0.5 / (epoch + 1)
        rows.add_to_set(
            "otrainingmodel",
            trainingmodel_task_id=first,
            testingmodel_task_id=first + 1,
            otrain_timestamp="then",
            elapsed_time="1.5",
            epoch_id=float(epoch),
            loss=loss,
        )
        rows.add("epoch", value=str(epoch), loss=0.5, task_id=first)
    rows.add_to_set(
        "otestingmodel", testingmodel_task_id=first + 1, otest_timestamp="then", otest_loss=0.25
    )


def _fill_tasks(rows: Rows, number: int, first: int) -> None:
    execution = number + 1 if rows.shape.executions == "id" else EXECUTIONS[number]
    for identifier, transformation in ((1, 1), (1, 3)):
        rows.add(
            "task",
            identifier=identifier,
            df_version=1,
            df_exec=execution,
            dt_id=transformation,
            status="FINISHED",
            invocation="python train.py",
            workspace="null",
            computing_resource="null",
            output_msg="null",
            error_msg="null",
        )
    for task in (first, first + 1):
        rows.add(
            "performance",
            task_id=task,
            method="COMPUTATION",
            description="null",
            starttime=f"2020-05-0{number + 1} 10:00:00",
            endtime=f"2020-05-0{number + 1} 10:0{task}:30",
        )
        rows.add("file", task_id=task, name="model.h5", path="/opt/model.h5")
