"""`keras-prov completion`: what a shell needs to complete the command, its options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .strict_command import StrictCommand

__all__ = ["completion"]

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_KERAS_PROV_COMPLETE"


@click.command(cls=StrictCommand)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes commands, options and names in SHELL, for its start-up file.

    Tags of executions and dataflows are completed while the private server runs.

    Example: keras-prov completion bash >> ~/.bashrc
    """
    command = context.find_root().command
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 (click has these three)
    template = found(command, {}, "keras-prov", VARIABLE)
    click.echo(template.source_template % template.source_vars())
