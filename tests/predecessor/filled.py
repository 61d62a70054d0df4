"""A database as the predecessor's server made and filled it.

Its tables, with the keys, the sequences that give their ids, the lengths of its texts, a function
that inserts, and its habits: `null` for a missing text, −9999999 for NaN, the reader's task id
written into the rows that it read, a set in the catalogue whose table was never made.
"""

from __future__ import annotations

from typing import Any

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.store import Connection

TAG = "mnistrun"
EXECUTIONS = ("MnistRun2020-05-01 10:00:00.1", "MnistRun2020-05-02 11:00:00.2")

CATALOGUE: dict[str, tuple[str, str, str]] = {
    "dataflow": ("df", "tag VARCHAR(50) NOT NULL", ""),
    "dataflow_version": ("version", "df_id INTEGER NOT NULL", "df_id dataflow"),
    "data_transformation": (
        "dt",
        "df_id INTEGER NOT NULL, tag VARCHAR(50) NOT NULL",
        "df_id dataflow",
    ),
    "program": (
        "program",
        "df_id INTEGER NOT NULL, name VARCHAR(200), path VARCHAR(500)",
        "df_id dataflow",
    ),
    "data_set": ("ds", "df_id INTEGER NOT NULL, tag VARCHAR(50) NOT NULL", "df_id dataflow"),
    "data_dependency": (
        "dd",
        "previous_dt_id INTEGER, next_dt_id INTEGER, ds_id INTEGER NOT NULL",
        "previous_dt_id data_transformation, next_dt_id data_transformation, ds_id data_set",
    ),
    "extractor": (
        "extractor",
        "ds_id INTEGER NOT NULL, tag VARCHAR(20), cartridge VARCHAR(20), extension VARCHAR(20)",
        "ds_id data_set",
    ),
    "extractor_combination": (
        "ecombination",
        "ds_id INTEGER NOT NULL, outer_ext_id INTEGER, inner_ext_id INTEGER, keys VARCHAR(100), "
        "key_types VARCHAR(100)",
        "ds_id data_set, outer_ext_id extractor, inner_ext_id extractor",
    ),
    "attribute": (
        "att",
        "ds_id INTEGER NOT NULL, extractor_id INTEGER, name VARCHAR(30), type VARCHAR(15)",
        "ds_id data_set, extractor_id extractor",
    ),
    "dataflow_execution": (
        "exec",
        "tag VARCHAR(50) NOT NULL, df_id INTEGER NOT NULL",
        "df_id dataflow",
    ),
    "task": (
        "task",
        "identifier INTEGER NOT NULL, df_version INTEGER NOT NULL, df_exec VARCHAR(50) NOT NULL, "
        "dt_id INTEGER NOT NULL, status VARCHAR(10), workspace VARCHAR(500), "
        "computing_resource VARCHAR(100), output_msg TEXT, error_msg TEXT",
        "df_version dataflow_version, df_exec dataflow_execution, dt_id data_transformation",
    ),
    "file": (
        "file",
        "task_id INTEGER NOT NULL, name VARCHAR(200), path VARCHAR(500)",
        "task_id task",
    ),
    "performance": (
        "performance",
        "task_id INTEGER NOT NULL, subtask_id INTEGER, method VARCHAR(30) NOT NULL, "
        "description VARCHAR(200), starttime VARCHAR(30), endtime VARCHAR(30), invocation TEXT",
        "task_id task",
    ),
}
"""Of each table the name of its sequence, its columns after the id, and what they refer to."""

PRIMARY = {"dataflow_version": "version", "dataflow_execution": "tag"}

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
CREATE FUNCTION "public".insertdataflow(v_tag VARCHAR(50)) RETURNS INTEGER
BEGIN
  INSERT INTO "public".dataflow(tag) VALUES (v_tag);
  RETURN SELECT max(id) FROM "public".dataflow;
END
"""


def fill(url: StoreURL, *, executions_by_id: bool = False) -> None:
    """Make the tables, and two executions of one dataflow in them.

    Tasks name their execution by its tag; in another version of the predecessor by its id.
    """
    connection = Connection(url)
    with connection.transaction():
        connection.execute('CREATE SCHEMA "public"')
        for name, (sequence, columns, references) in CATALOGUE.items():
            if executions_by_id and name == "task":
                columns = columns.replace("df_exec VARCHAR(50)", "df_exec INTEGER")
                references = references.replace("df_exec dataflow_execution, ", "")
            _create(connection, name, sequence, columns, references)
        connection.execute(
            'CREATE TABLE "public".use_program (dt_id INTEGER NOT NULL, program_id INTEGER '
            "NOT NULL, PRIMARY KEY (dt_id, program_id), "
            'FOREIGN KEY (dt_id) REFERENCES "public".data_transformation (id), '
            'FOREIGN KEY (program_id) REFERENCES "public".program (id))'
        )
        connection.execute(INSERT_FUNCTION)
        connection.execute(f'CREATE SCHEMA "{TAG}"')
        for tag, (producers, consumers, attributes) in SETS.items():
            if tag != "lost":
                _create_set(connection, tag, [*producers, *consumers], attributes)
    with connection.transaction():
        _fill_catalogue(connection)
        for number, execution in enumerate(EXECUTIONS):
            named = number + 1 if executions_by_id else execution
            _fill_execution(connection, number, named)
    connection.close()


def _create(
    connection: Connection, name: str, sequence: str, columns: str, references: str
) -> None:
    sequence = f'"public"."{sequence}_id_seq"'
    connection.execute(f"CREATE SEQUENCE {sequence} AS INTEGER START WITH 1")
    first = "version" if name == "dataflow_version" else "id"
    keys = [f"PRIMARY KEY ({PRIMARY.get(name, 'id')})"]
    for reference in filter(None, references.split(", ")):
        column, other = reference.split(" ")
        keys.append(
            f'FOREIGN KEY ({column}) REFERENCES "public".{other} ({PRIMARY.get(other, "id")}) '
            "ON DELETE CASCADE ON UPDATE CASCADE"
        )
    connection.execute(
        f'CREATE TABLE "public".{name} ({first} INTEGER DEFAULT NEXT VALUE FOR {sequence} '
        f"NOT NULL, {columns}, {', '.join(keys)})"
    )


def _create_set(
    connection: Connection, tag: str, transformations: list[str], attributes: dict[str, str]
) -> None:
    connection.execute(f'CREATE SEQUENCE "{TAG}"."{tag}_id_seq" AS INTEGER')
    tasks = [f'"{each}_task_id" INTEGER' for each in transformations]
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
        f'"{name}"' for name in ["id", *(f"{t}_task_id" for t in transformations), *attributes]
    )
    connection.execute(f'CREATE VIEW "{TAG}"."{tag}" AS SELECT {names} FROM "{TAG}"."ds_{tag}"')


def _fill_catalogue(connection: Connection) -> None:
    def add(table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        connection.execute(
            f'INSERT INTO "public".{table} ({names}) VALUES ({marks})', list(values.values())
        )

    add("dataflow", tag=TAG)
    add("dataflow_version", df_id=1)
    transformations = {"trainingmodel": 1, "adaptation": 2, "testingmodel": 3}
    for tag in transformations:
        add("data_transformation", df_id=1, tag=tag)
    add("program", df_id=1, name="train.py", path="/opt/train.py")
    add("use_program", dt_id=1, program_id=1)
    for number, (tag, (producers, consumers, attributes)) in enumerate(SETS.items(), 1):
        add("data_set", df_id=1, tag=tag)
        for producer in producers or [None]:
            for consumer in consumers or [None]:
                add(
                    "data_dependency",
                    ds_id=number,
                    previous_dt_id=transformations.get(producer or ""),
                    next_dt_id=transformations.get(consumer or ""),
                )
        for name, kind in attributes.items():
            add("attribute", ds_id=number, name=name, type=kind)
    for execution in EXECUTIONS:
        add("dataflow_execution", tag=execution, df_id=1)


def _fill_execution(connection: Connection, number: int, execution: str | int) -> None:
    """Two epochs and a test; the second execution's first loss was a NaN."""
    first = number * 2 + 1
    for identifier, transformation in ((1, 1), (1, 3)):
        connection.execute(
            'INSERT INTO "public".task (identifier, df_version, df_exec, dt_id, status, '
            "workspace, computing_resource, output_msg, error_msg) "
            "VALUES (%s, 1, %s, %s, 'FINISHED', 'null', 'null', 'null', 'null')",
            [identifier, execution, transformation],
        )
    for task in (first, first + 1):
        connection.execute(
            'INSERT INTO "public".performance (task_id, method, description, starttime, endtime) '
            "VALUES (%s, 'COMPUTATION', 'null', %s, %s)",
            [task, f"2020-05-0{number + 1} 10:00:00", f"2020-05-0{number + 1} 10:0{task}:30"],
        )
    rate = 0.1 / (number + 1)
    schema = f'"{TAG}"'
    connection.execute(
        f"INSERT INTO {schema}.ds_itrainingmodel (trainingmodel_task_id, itrain_timestamp, "
        "optimizer_name, learning_rate) VALUES (%s, 'then', 'SGD', %s)",
        [first, rate],
    )
    for epoch in range(2):
        loss = -9999999.0 if number and not epoch else 0.5 / (epoch + 1)
        connection.execute(
            f"INSERT INTO {schema}.ds_otrainingmodel (trainingmodel_task_id, "
            "testingmodel_task_id, otrain_timestamp, elapsed_time, epoch_id, loss) "
            "VALUES (%s, %s, 'then', '1.5', %s, %s)",
            [first, first + 1, float(epoch), loss],
        )
    connection.execute(
        f"INSERT INTO {schema}.ds_otestingmodel (testingmodel_task_id, otest_timestamp, "
        "otest_loss) VALUES (%s, 'then', 0.25e0)",
        [first + 1],
    )
