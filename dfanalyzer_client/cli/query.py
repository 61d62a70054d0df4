"""`keras-prov query`: rows of sets that are joined along the path that the data took."""

from __future__ import annotations

import click

from ..path_query import MAPPINGS, query_with
from .common import form_options, friendly_errors, print_rows, reading, store_option
from .strict_command import StrictCommand

__all__ = ["query"]


@click.command(cls=StrictCommand)
@click.argument("dataflow")
@click.option("--source", metavar="SET", multiple=True, required=True, help="Where paths begin.")
@click.option("--target", metavar="SET", multiple=True, required=True, help="Where they end.")
@click.option(
    "--projection",
    metavar="SET.ATTRIBUTE",
    multiple=True,
    help="A value to print. Default: all of the source and target sets.",
)
@click.option("--selection", metavar="CONDITION", default="", help="Which rows.")
@click.option("--include", metavar="SET", multiple=True, help="A set that paths must pass.")
@click.option("--exclude", metavar="SET", multiple=True, help="A set that paths must not pass.")
@click.option(
    "--mapping",
    type=click.Choice(MAPPINGS, case_sensitive=False),
    default=MAPPINGS[0],
    show_default=True,
    help="Join along the tasks, by equal values of attributes with the same name, or both.",
)
@click.option("--limit", type=click.IntRange(min=0), help="The maximum number of rows.")
@form_options
@store_option
def query(
    dataflow: str,
    source: tuple[str, ...],
    target: tuple[str, ...],
    projection: tuple[str, ...],
    selection: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    mapping: str,
    limit: int | None,
    form: str | None,
    store: str | None,
) -> None:
    """Join sets of DATAFLOW along the transformations between them, and print the rows.

    Options that take a SET or SET.ATTRIBUTE may be given several times.

    Example: keras-prov query sums --source itrainingmodel --target otrainingmodel
    """
    with friendly_errors(), reading(store) as connection:
        result = query_with(
            connection,
            dataflow,
            source=source,
            target=target,
            projection=projection,
            selection=selection,
            include=include,
            exclude=exclude,
            mapping=mapping,
            limit=limit,
        )
    print_rows(result.columns, result.rows, form)
