"""The tables of the predecessor's catalogue, in the shapes that its versions gave them.

Learned from the scripts that create them in its public repositories, and from public dumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["DLPROV", "SHAPES", "Shape", "Table"]


@dataclass
class Table:
    """A table: its columns after the id, and what they refer to.

    Attributes:
        sequence: name of the sequence of its ids, without `_id_seq`.
        columns: their types, by name.
        references: the tables that columns refer to.
        primary: the column of its primary key.
        first: its id, which has another name in `dataflow_version`.
    """

    sequence: str
    columns: dict[str, str]
    references: dict[str, str] = field(default_factory=dict)
    primary: str = "id"
    first: str = "id"


def newest() -> dict[str, Table]:
    """The tables of its newest version, whose tasks name their execution by its tag."""
    needed = "INTEGER NOT NULL"
    return {
        "dataflow": Table("df", {"tag": "VARCHAR(50) NOT NULL"}),
        "dataflow_version": Table(
            "version", {"df_id": needed}, {"df_id": "dataflow"}, "version", "version"
        ),
        "data_transformation": Table(
            "dt", {"df_id": needed, "tag": "VARCHAR(50) NOT NULL"}, {"df_id": "dataflow"}
        ),
        "program": Table(
            "program",
            {"df_id": needed, "name": "VARCHAR(200)", "path": "VARCHAR(500)"},
            {"df_id": "dataflow"},
        ),
        "data_set": Table(
            "ds", {"df_id": needed, "tag": "VARCHAR(50) NOT NULL"}, {"df_id": "dataflow"}
        ),
        "data_dependency": Table(
            "dd",
            {"previous_dt_id": "INTEGER", "next_dt_id": "INTEGER", "ds_id": needed},
            {
                "previous_dt_id": "data_transformation",
                "next_dt_id": "data_transformation",
                "ds_id": "data_set",
            },
        ),
        "extractor": Table(
            "extractor",
            {
                "ds_id": needed,
                "tag": "VARCHAR(20)",
                "cartridge": "VARCHAR(20)",
                "extension": "VARCHAR(20)",
            },
            {"ds_id": "data_set"},
        ),
        "extractor_combination": Table(
            "ecombination",
            {
                "ds_id": needed,
                "outer_ext_id": "INTEGER",
                "inner_ext_id": "INTEGER",
                "keys": "VARCHAR(100)",
                "key_types": "VARCHAR(100)",
            },
            {"ds_id": "data_set", "outer_ext_id": "extractor", "inner_ext_id": "extractor"},
        ),
        "attribute": Table(
            "att",
            {
                "ds_id": needed,
                "extractor_id": "INTEGER",
                "name": "VARCHAR(30)",
                "type": "VARCHAR(15)",
            },
            {"ds_id": "data_set", "extractor_id": "extractor"},
        ),
        "dataflow_execution": Table(
            "exec", {"tag": "VARCHAR(50) NOT NULL", "df_id": needed}, {"df_id": "dataflow"}, "tag"
        ),
        "task": Table(
            "task",
            {
                "identifier": needed,
                "df_version": needed,
                "df_exec": "VARCHAR(50) NOT NULL",
                "dt_id": needed,
                "status": "VARCHAR(10)",
                "workspace": "VARCHAR(500)",
                "computing_resource": "VARCHAR(100)",
                "output_msg": "TEXT",
                "error_msg": "TEXT",
            },
            {
                "df_version": "dataflow_version",
                "df_exec": "dataflow_execution",
                "dt_id": "data_transformation",
            },
        ),
        "file": Table(
            "file",
            {"task_id": needed, "name": "VARCHAR(200)", "path": "VARCHAR(500)"},
            {"task_id": "task"},
        ),
        "performance": Table(
            "performance",
            {
                "task_id": needed,
                "subtask_id": "INTEGER",
                "method": "VARCHAR(30) NOT NULL",
                "description": "VARCHAR(200)",
                "starttime": "VARCHAR(30)",
                "endtime": "VARCHAR(30)",
                "invocation": "TEXT",
            },
            {"task_id": "task"},
        ),
    }


def by_id() -> dict[str, Table]:
    """A version whose tasks name their execution by its id."""
    tables = newest()
    tables["task"].columns["df_exec"] = "INTEGER"
    del tables["task"].references["df_exec"]
    return tables


def without_executions() -> dict[str, Table]:
    """As in Keras-Prov's first dumps: tasks belong to a dataflow alone."""
    tables = newest()
    del tables["dataflow_execution"]
    del tables["task"].columns["df_exec"], tables["task"].references["df_exec"]
    return tables


def first() -> dict[str, Table]:
    """DfAnalyzer's first version: what was called is a column of the task."""
    tables = without_executions()
    columns = list(tables["task"].columns.items())
    after = [name for name, _ in columns].index("status") + 1
    tables["task"].columns = dict([*columns[:after], ("invocation", "TEXT"), *columns[after:]])
    for column in ("subtask_id", "invocation"):
        del tables["performance"].columns[column]
    del tables["extractor_combination"]
    return tables


def fork() -> dict[str, Table]:
    """A fork for phylogenetics: epochs and machines of its own, and executions without a tag."""
    tables = without_executions()
    tables["dataflow_execution"] = Table(
        "df_exec",
        {"execution_datetime": "VARCHAR(30) NOT NULL", "df_id": "INTEGER NOT NULL"},
        {"df_id": "dataflow"},
    )
    tables["data_transformation"].columns["program_id"] = "INTEGER"
    tables["program"] = Table("program", {"name": "VARCHAR(200)", "version": "VARCHAR(50)"})
    tables["file"] = Table("file", {"name": "VARCHAR(200)", "path": "VARCHAR(500)"})
    tables["epoch"] = Table(
        "epoch",
        {"value": "VARCHAR(100)", "loss": "DECIMAL(10,2)", "task_id": "INTEGER"},
        {"task_id": "task"},
    )
    return tables


def dlprov() -> dict[str, Table]:
    """DLProv's: a column `uuid` in every table, and who trained on which machine."""
    tables = newest()
    tables["data_scientist"] = Table("user", {"email": "VARCHAR(50) NOT NULL"})
    tables["hardware_info"] = Table(
        "hardware",
        {"hostname": "VARCHAR(50) NOT NULL", "ram_total_gb": "DOUBLE", "in_container": "BOOLEAN"},
    )
    executions = tables["dataflow_execution"]
    executions.columns |= {"scientist_id": "INTEGER", "hardware_id": "INTEGER"}
    executions.references |= {"scientist_id": "data_scientist", "hardware_id": "hardware_info"}
    for name, each in tables.items():
        uuid = {"uuid": "VARCHAR(36)"}
        each.columns = each.columns | uuid if name == "dataflow_version" else uuid | each.columns
    order = ["data_scientist", "hardware_info"]  # before the executions that refer to them
    return {
        name: tables[name] for name in [*order, *(set_ for set_ in tables if set_ not in order)]
    }


@dataclass(frozen=True)
class Shape:
    """What distinguishes the databases of a version.

    Attributes:
        tables: the tables of its catalogue, in an order in which they can be created.
        executions: how tasks name their execution: by its `tag`, by its `id`, or not at all.
        set_columns: columns that the tables of sets have behind their id.
        functions: functions that it has beside `insertdataflow`.
    """

    tables: dict[str, Table]
    executions: str | None = "tag"
    set_columns: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


DLPROV = Shape(dlprov(), set_columns=("uuid",), functions=("insertscientist", "inserthardwareinfo"))

SHAPES = {
    "newest": Shape(newest()),
    "by id": Shape(by_id(), "id"),
    "without executions": Shape(without_executions(), None),
    "first": Shape(first(), None),
    "fork": Shape(fork(), None),
    "DLProv": DLPROV,
}
