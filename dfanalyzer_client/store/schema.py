"""The catalogue in schema ``"public"``: the only file that spells its tables.

Tables that DfAnalyzer's users know keep their names and columns. Tables that many trainings write
at once have no PRIMARY KEY, UNIQUE or FOREIGN KEY and are only appended to, because both keys and
updates make MonetDB's writers conflict. So DfAnalyzer's ``task``, whose status changes, is a view
here, over ``task_begun`` and ``task_ended``. Tables that DfAnalyzer does not have:

- ``task_dependency``: which task read what which task wrote; the views of the sets join along it;
- ``hyperparameter_value``, ``metric_value``: of all dataflows, for the views that compare them;
- ``metric_summary``: of the metrics of tasks that have ended, so that no query reads all values;
- ``exact_number``: numbers that a DOUBLE cannot hold (NaN, infinities, integers beyond 2^53);
- ``execution_link``: which execution was derived from which, by its tag, as its writer recorded;
- ``waiting_value``: values of pending columns, which a set's table does not have yet because a
  reader's open transaction prevents adding them;
- ``waiting_dependency``: tasks that depend on tasks that are not stored yet;
- ``data_set_role``: what the rows of a set are for: hyperparameters, epochs, tests, …;
- ``data_scientist``, ``hardware_info``: who is responsible for executions, and what they ran on, as
  DLProv has them; ``execution_association``: which execution has which of them, and whether the
  service recorded it for a client;
- ``execution_tag``, ``execution_note``: what people have said of executions: each change is a row,
  and the views ``tags`` and ``notes`` show the newest;
- ``steering_offer``: what trainings let be asked of them, of which the newest row counts;
  ``steering_request``, ``steering_outcome``: what was asked, numbered in the order of arrival, and
  what came of it; the view ``steering`` joins these;
- ``erasure``: what was erased, when and by whom: of tags it has only digests, so that messages that
  still come from journals are recognized;
- ``journal_mark``: how far each journal is stored, written together with its rows;
- ``journal_head``: heads of the hash chains of journals, by which alterations are found;
- ``definition_lock``: one row, updated by whoever changes definitions, so that no two do at once;
- ``catalogue_version``: the steps that created this catalogue.

The view ``lineage`` shows which executions are linked: those recorded as derived, and those that
read a file whose content another one wrote. The views ``hyperparameters`` and ``metrics`` compare
the executions of all dataflows.
"""

from __future__ import annotations

from collections.abc import Sequence

from .connection import Connection
from .sql import column_list, identifier, qualified

__all__ = [
    "LINEAGE_VIEW",
    "PUBLIC",
    "TABLES",
    "VERSION",
    "VIEWS",
    "columns_of",
    "grant",
    "lock_definitions",
    "names_in",
    "quoted_columns",
    "record",
    "table",
]

PUBLIC = "public"

VERSION = 8
"""Version of the catalogue; `catalogue.py` has the migrations from each version to the next."""

TABLES: dict[str, str] = {
    "dataflow": "id BIGINT, tag TEXT",
    "dataflow_version": "version BIGINT, df_id BIGINT",
    "data_transformation": "id BIGINT, df_id BIGINT, tag TEXT",
    "program": "id BIGINT, df_id BIGINT, name TEXT, path TEXT",
    "use_program": "dt_id BIGINT, program_id BIGINT",
    "data_set": "id BIGINT, df_id BIGINT, tag TEXT",
    "data_dependency": "id BIGINT, previous_dt_id BIGINT, next_dt_id BIGINT, ds_id BIGINT",
    "extractor": "id BIGINT, ds_id BIGINT, tag TEXT, cartridge TEXT, extension TEXT",
    "extractor_combination": (
        "id BIGINT, ds_id BIGINT, outer_ext_id BIGINT, inner_ext_id BIGINT, keys TEXT, "
        "key_types TEXT"
    ),
    "attribute": "id BIGINT, ds_id BIGINT, extractor_id BIGINT, name TEXT, type TEXT",
    "dataflow_execution": "id BIGINT, tag TEXT, df_id BIGINT",
    "task_begun": (
        "id BIGINT, identifier BIGINT, df_version BIGINT, df_exec BIGINT, dt_id BIGINT, "
        "status TEXT, workspace TEXT, computing_resource TEXT, output_msg TEXT, error_msg TEXT, "
        "began TIMESTAMP"
    ),
    "task_ended": ("task_id BIGINT, status TEXT, output_msg TEXT, error_msg TEXT, ended TIMESTAMP"),
    "task_dependency": "task_id BIGINT, dt_id BIGINT, previous_task_id BIGINT",
    "file": (
        "id BIGINT, task_id BIGINT, name TEXT, path TEXT, mode TEXT, size BIGINT, sha256 TEXT"
    ),
    "performance": (
        "id BIGINT, task_id BIGINT, subtask_id TEXT, method TEXT, description TEXT, "
        "starttime TIMESTAMP, endtime TIMESTAMP, invocation TEXT"
    ),
    "exact_number": "attribute_id BIGINT, element_id BIGINT, value TEXT",
    "hyperparameter_value": "task_id BIGINT, name TEXT, value TEXT, number DOUBLE, epoch DOUBLE",
    "metric_value": "task_id BIGINT, name TEXT, value DOUBLE, exact TEXT, epoch DOUBLE",
    "metric_summary": (
        "task_id BIGINT, name TEXT, count BIGINT, lowest DOUBLE, lowest_epoch DOUBLE, "
        "highest DOUBLE, highest_epoch DOUBLE, last DOUBLE, last_epoch DOUBLE, last_exact TEXT"
    ),
    "execution_link": "df_exec BIGINT, task_id BIGINT, relation TEXT, execution_tag TEXT",
    "waiting_value": (
        "ds_id BIGINT, attribute_id BIGINT, dt_id BIGINT, element_id BIGINT, number DOUBLE, "
        "text TEXT"
    ),
    "waiting_dependency": (
        "task_id BIGINT, dt_id BIGINT, df_exec BIGINT, previous_dt_id BIGINT, "
        "previous_identifier BIGINT"
    ),
    "data_set_role": "ds_id BIGINT, role TEXT",
    "data_scientist": "id BIGINT, email TEXT",
    "hardware_info": (
        "id BIGINT, hostname TEXT, os TEXT, platform TEXT, architecture TEXT, processor TEXT, "
        "ram_total_gb DOUBLE, ram_limit_gb DOUBLE, disk_total_gb DOUBLE, disk_used_gb DOUBLE, "
        "disk_free_gb DOUBLE, gpus TEXT, in_container BOOLEAN"
    ),
    "execution_association": (
        "df_exec BIGINT, scientist_id BIGINT, hardware_id BIGINT, is_relayed BOOLEAN"
    ),
    "execution_tag": ("df_exec BIGINT, name TEXT, value TEXT, changed TIMESTAMP, changed_by TEXT"),
    "execution_note": "df_exec BIGINT, text TEXT, changed TIMESTAMP, changed_by TEXT",
    "steering_offer": "df_exec BIGINT, actions TEXT, began TIMESTAMP, host TEXT",
    "steering_request": (
        "number BIGINT, id TEXT, df_exec BIGINT, action TEXT, target TEXT, value TEXT, "
        "at_epoch BIGINT, condition TEXT, reason TEXT, person TEXT, asked TIMESTAMP"
    ),
    "steering_outcome": (
        "request_id TEXT, df_exec BIGINT, state TEXT, epoch BIGINT, batch BIGINT, old_value TEXT, "
        "new_value TEXT, detail TEXT, decided TIMESTAMP"
    ),
    "erasure": "kind TEXT, digest TEXT, erased TIMESTAMP, erased_by TEXT",
    "journal_mark": "journal TEXT, stored_to BIGINT",
    "journal_head": "journal TEXT, sequence BIGINT, digest TEXT, df_exec BIGINT",
    "definition_lock": "changes BIGINT",
    "catalogue_version": "version BIGINT, made TIMESTAMP, step TEXT",
}

TASK_VIEW = """
CREATE VIEW "public"."task" AS
SELECT b.id, b.identifier, b.df_version, b.df_exec, b.dt_id,
       COALESCE(e.status, b.status) AS status, b.workspace, b.computing_resource,
       COALESCE(e.output_msg, b.output_msg) AS output_msg,
       COALESCE(e.error_msg, b.error_msg) AS error_msg
FROM "public"."task_begun" AS b LEFT JOIN "public"."task_ended" AS e ON e.task_id = b.id
"""

LINEAGE_VIEW = """
CREATE VIEW "public"."lineage" AS
SELECT e.id AS df_exec, e.tag AS execution, l.relation, p.id AS previous_exec,
       l.execution_tag AS previous_execution, CAST(NULL AS TEXT) AS path, l.task_id
FROM "public"."execution_link" AS l
  JOIN "public"."dataflow_execution" AS e ON e.id = l.df_exec
  LEFT JOIN "public"."dataflow_execution" AS p ON p.tag = l.execution_tag
UNION ALL
SELECT DISTINCT e.id, e.tag, 'wasDerivedFrom', p.id, p.tag, r.path, r.task_id
FROM "public"."file" AS r
  JOIN "public"."file" AS w ON w.sha256 = r.sha256
  JOIN "public"."task_begun" AS rt ON rt.id = r.task_id
  JOIN "public"."task_begun" AS wt ON wt.id = w.task_id
  JOIN "public"."dataflow_execution" AS e ON e.id = rt.df_exec
  JOIN "public"."dataflow_execution" AS p ON p.id = wt.df_exec
WHERE r.mode = 'read' AND w.mode = 'written' AND e.id <> p.id
"""

COMPARISON_VIEW = """
CREATE VIEW "public"."{view}" AS
SELECT e.tag AS execution, d.tag AS dataflow, v."name", v."value", v."epoch", v."{more}",
       e.id AS df_exec, v.task_id
FROM "public"."{table}" AS v
  JOIN "public"."task_begun" AS t ON t.id = v.task_id
  JOIN "public"."dataflow_execution" AS e ON e.id = t.df_exec
  JOIN "public"."dataflow" AS d ON d.id = e.df_id
"""

NEWEST_VIEW = """
CREATE VIEW "public"."{view}" AS
SELECT e.tag AS execution, d.tag AS dataflow, {columns}, n.changed, n.changed_by, n.df_exec
FROM (
    SELECT df_exec, {columns}, changed, changed_by,
           row_number() OVER (PARTITION BY {key} ORDER BY changed DESC, {columns}) AS place
    FROM "public"."{table}"
  ) AS n
  JOIN "public"."dataflow_execution" AS e ON e.id = n.df_exec
  JOIN "public"."dataflow" AS d ON d.id = e.df_id
WHERE n.place = 1 AND n.{filled} IS NOT NULL
"""
"""A change to NULL removes a tag or a note."""

STEERING_VIEW = """
CREATE VIEW "public"."steering" AS
SELECT e.tag AS execution, d.tag AS dataflow, r."number", r.id AS request, r."action", r."target",
       r."value", r.at_epoch, r."condition", r.person, r.reason, r.asked,
       COALESCE(o."state", 'waiting') AS "state", o."epoch", o."batch", o.old_value, o.new_value,
       o."detail", o.decided, e.id AS df_exec
FROM "public"."steering_request" AS r
  JOIN "public"."dataflow_execution" AS e ON e.id = r.df_exec
  JOIN "public"."dataflow" AS d ON d.id = e.df_id
  LEFT JOIN "public"."steering_outcome" AS o ON o.request_id = r.id AND o.df_exec = r.df_exec
"""

VIEWS = {
    "task": TASK_VIEW,
    "lineage": LINEAGE_VIEW,
    "hyperparameters": COMPARISON_VIEW.format(
        view="hyperparameters", table="hyperparameter_value", more="number"
    ),
    "metrics": COMPARISON_VIEW.format(view="metrics", table="metric_value", more="exact"),
    "tags": NEWEST_VIEW.format(
        view="tags",
        table="execution_tag",
        columns='"name", "value"',
        key='df_exec, "name"',
        filled='"value"',
    ),
    "notes": NEWEST_VIEW.format(
        view="notes", table="execution_note", columns='"text"', key="df_exec", filled='"text"'
    ),
    "steering": STEERING_VIEW,
}


def table(name: str) -> str:
    """A table of the catalogue, quoted."""
    return qualified(PUBLIC, name)


def names_in(connection: Connection, schema: str) -> set[str]:
    """Names of the tables and views of a schema."""
    rows = connection.query_once(
        "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s",
        [schema],
    )
    return {name for (name,) in rows}


def grant(connection: Connection, schema: str, name: str, readers: Sequence[str]) -> None:
    """Let `readers` SELECT from a table or view."""
    for reader in readers:
        connection.execute(f"GRANT SELECT ON {qualified(schema, name)} TO {identifier(reader)}")


def lock_definitions(connection: Connection) -> None:
    """Be the only transaction that changes definitions; others end in a conflict."""
    connection.execute(f"UPDATE {table('definition_lock')} SET changes = changes + 1")


def record(connection: Connection, version: int, step: str | None = None) -> None:
    """Record the version that the catalogue has now, and the step that led to it."""
    connection.execute(
        f"INSERT INTO {table('catalogue_version')} (version, made, step) "
        "VALUES (%s, localtimestamp, %s)",
        [version, step],
    )


def columns_of(columns: str) -> dict[str, str]:
    """The columns of a table of `TABLES`, and their types."""
    return dict(column.split(" ", 1) for column in columns.split(", "))


def quoted_columns(columns: str) -> str:
    """The columns of a table of `TABLES`, as CREATE TABLE takes them."""
    return column_list(columns_of(columns))
