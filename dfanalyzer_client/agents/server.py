"""The server of the Model Context Protocol: its tools, and how they are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from ..config.store_url import StoreURL
from ..delivery.leftovers import drain_leftovers
from ..errors import DfAnalyzerError
from ..private_server import PrivateServer
from ..support.terminal import terminal_line
from . import questions
from .answers import Answer, answer_text
from .limits import LimitedConnection, Limits, answered
from .strict_server import StrictServer

__all__ = ["serve", "server_of"]

INSTRUCTIONS = """\
Provenance of trainings of Keras models: which runs (executions) there were, with which
hyperparameters, metrics by epoch, files and environment. All tools only read. Begin with `runs`.
In `sql` (MonetDB's dialect), these views have the runs of all dataflows:
public.hyperparameters (execution, dataflow, name, value, epoch, number, df_exec, task_id),
public.metrics (execution, dataflow, name, value, epoch, exact, df_exec, task_id),
public.task, public.file, public.lineage, public.tags, public.notes. `public` must be written in
double quotes. df_exec is the id of an execution. Metrics of tests begin with otest_. Each dataflow
is a schema, with a view for each set of its rows: "my_dataflow".otrainingmodel, itrainingmodel.
"""
WHERE = (
    "Only runs that fulfil this condition, as: learning_rate < 0.01 AND lowest.val_loss < 0.2. "
    "Names: id, execution, dataflow, status, began, ended, seconds, epochs, stop_reason, "
    "hyperparameters.NAME, metrics.NAME (the last value), lowest.NAME, highest.NAME, tags.NAME, "
    "job.NAME."
)
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)

Name = Annotated[
    str,
    Field(
        description="A run: its id, its tag, the beginning of its tag, or 'last', the newest one, "
        "which is the default."
    ),
]
Names = Annotated[
    list[str],
    Field(description="Runs: ids, tags, beginnings of tags.", min_length=1, max_length=50),
]


def serve(store: StoreURL | None, home: Path, limits: Limits) -> None:
    """Answer over stdin and stdout until stdin is closed."""
    server_of(store, home, limits).run("stdio")


def server_of(store: StoreURL | None, home: Path, limits: Limits) -> MCPServer[Any]:
    """The server with its tools.

    Args:
        store: the database; None is the private one of `home`, asked as the user who may only read.
        home: the data folder.
        limits: of each answer.
    """
    server: MCPServer[Any] = StrictServer(
        "keras-prov", instructions=INSTRUCTIONS, log_level="WARNING"
    )
    tool = server.tool(annotations=READS, structured_output=False)

    async def answer(ask: Callable[[LimitedConnection], Answer]) -> str:
        return await anyio.to_thread.run_sync(_answer, store, home, limits, ask)

    @tool
    async def runs(
        where: Annotated[str, Field(description=WHERE)] = "",
        order_by: Annotated[
            str, Field(description="A name as in `where`, and DESC: val_loss DESC.")
        ] = "",
        dataflow: Annotated[str | None, Field(description="Only runs of this dataflow.")] = None,
        status: Annotated[
            str | None,
            Field(description="RUNNING, FINISHED, FAILED, INTERRUPTED, PRUNED or ABANDONED."),
        ] = None,
        limit: Annotated[int, Field(description="How many at most.", ge=1)] = 20,
    ) -> str:
        """List runs, the newest first, with status, times, number of epochs and last metrics."""
        return await answer(
            lambda connection: questions.runs(connection, where, order_by, dataflow, status, limit)
        )

    @tool
    async def run(name: Name = "last") -> str:
        """Show a run, by default the newest, with all that is known of it.

        It has hyperparameters, the lowest, highest and last value of each metric in each training,
        what was adapted, tests, tasks, data, files, environment, origin, tags and note.
        """
        return await answer(lambda connection: questions.run(connection, name))

    @tool
    async def compare(names: Names) -> str:
        """Compare runs: which hyperparameters differ, and last, lowest and highest metrics."""
        return await answer(lambda connection: questions.compare(connection, names))

    @tool
    async def curves(
        names: Names,
        metrics: Annotated[
            list[str] | None, Field(description="Names of metrics; by default all.")
        ] = None,
    ) -> str:
        """Show metrics of runs by training and epoch, and what was adapted meanwhile."""
        return await answer(lambda connection: questions.curves(connection, names, metrics or []))

    @tool
    async def sql(
        statement: Annotated[str, Field(description="One SELECT, in MonetDB's SQL.")],
    ) -> str:
        """Run one SELECT and show its first rows. Nothing can be changed."""
        return await answer(lambda connection: questions.sql(connection, statement))

    return server


def _answer(
    store: StoreURL | None,
    home: Path,
    limits: Limits,
    ask: Callable[[LimitedConnection], Answer],
) -> str:
    """An answer as text; an expected error is one line."""
    try:
        drain_leftovers(store, home)
        url = PrivateServer(home).reader_url() if store is None else store
        with LimitedConnection(url, limits) as connection:
            return answer_text(answered(connection, ask), limits.characters)
    except DfAnalyzerError as error:
        raise ToolError(terminal_line(error)) from None
