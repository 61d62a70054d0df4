"""The `keras-prov` command: parse, call, print.

It never imports Keras, so that a query does not wait for that import.
"""

from __future__ import annotations

import click

from ..support.distribution import installed_name
from . import database, journals, runs, server, sql
from .export import export
from .query import query
from .run import run
from .serve import serve

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=installed_name(), prog_name="keras-prov")
def main() -> None:
    """Capture the provenance of Keras trainings, query it and administer it.

    Without --store or KERAS_PROV_STORE, commands use the private server of this user, and start it
    if they need it.
    """


main.add_command(run)
main.add_command(sql.sql)
main.add_command(query)
main.add_command(runs.runs)
main.add_command(runs.show)
main.add_command(export)
main.add_command(serve)
main.add_command(server.server)
main.add_command(database.db)
main.add_command(journals.sync)
main.add_command(journals.journal)
