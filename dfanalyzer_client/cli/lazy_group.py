"""A group that imports a command's module only when that command is called.

So `keras-prov runs` does not wait for what `keras-prov export` needs.
Source: https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A click.Group whose commands are named, and imported when they are needed.

    Args:
        lazy: by a command's name, the module that has it and its name there, as ``.runs:show``.
        package: the package that those modules are relative to.
    """

    def __init__(
        self,
        *arguments: object,
        lazy: Mapping[str, str],
        package: str,
        **options: object,
    ) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # as click.Group takes
        self._lazy, self._package = lazy, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the table."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, whose module is imported now; None if there is none."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module, self._package), name)
        return command
