"""The `keras-prov` command: parse, call, print.

It never imports Keras, so that a query does not wait for that import.
"""

from __future__ import annotations

import click

from .lazy_group import LazyGroup

__all__ = ["main"]

COMMANDS = {
    "run": ".run:run",
    "runs": ".asking.runs:runs",
    "show": ".asking.show:show",
    "curve": ".asking.curve:curve",
    "compare": ".asking.comparing:compare",
    "diff": ".asking.comparing:diff",
    "follow": ".asking.follow:follow",
    "questions": ".asking.questions:questions",
    "steer": ".asking.steer:steer",
    "tag": ".asking.annotating:tag",
    "note": ".asking.annotating:note",
    "sql": ".sql:sql",
    "query": ".query:query",
    "origin": ".lineage.origin:origin",
    "verify": ".lineage.verify:verify",
    "sign": ".lineage.sign:sign",
    "forget": ".lineage.forget:forget_executions",
    "view": ".serving.view:view",
    "export": ".export:export",
    "document": ".document:document",
    "rerun": ".rerun:rerun",
    "import": ".importing:import_",
    "mcp": ".mcp:mcp",
    "relay": ".serving.relay:relay",
    "serve": ".serving.serve:serve",
    "server": ".server:server",
    "db": ".administration.database:db",
    "federation": ".administration.federation:federation",
    "sync": ".journals:sync",
    "journal": ".journals:journal",
    "completion": ".completion:completion",
}
"""The commands, in the order of the help, and where each is."""


def _print_version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    """As `click.version_option` does; what it imports for that, no other command waits for."""
    if is_asked and not context.resilient_parsing:
        from importlib.metadata import version

        from ..support.distribution import installed_name

        click.echo(f"keras-prov, version {version(installed_name())}")
        context.exit()


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Capture the provenance of Keras trainings, query it and administer it.

    Without --store or KERAS_PROV_STORE, commands use the private server of this user, and start it
    if they need it.
    """
