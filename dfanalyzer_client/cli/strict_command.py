"""Commands that refuse an option which is given twice, where click takes the last one silently."""

from __future__ import annotations

from collections.abc import Sequence

import click

__all__ = ["StrictCommand", "StrictGroup"]


class StrictCommand(click.Command):
    """A command whose options are given once, unless they may be repeated."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; a usage error if an option with one value is given twice."""
        if not ctx.resilient_parsing:
            _, _, given = self.make_parser(ctx).parse_args(args=list(args))
            check_given_once(ctx, given)
        return super().parse_args(ctx, args)


class StrictGroup(click.Group):
    """A group of such commands."""

    command_class = StrictCommand


def check_given_once(ctx: click.Context, given: Sequence[click.Parameter]) -> None:
    """Raise a UsageError if an option is given twice, or two that exclude each other.

    A flag may be repeated, for it says the same again.

    Args:
        ctx: of the command.
        given: the parameters in the order in which they are given.
    """
    seen: dict[str | None, click.Option] = {}
    for option in given:
        if not isinstance(option, click.Option) or option.multiple or option.count:
            continue
        before = seen.setdefault(option.name, option)
        if before is not option:
            raise click.UsageError(f"Give either {before.opts[0]} or {option.opts[0]}.", ctx)
        if not option.is_flag and given.count(option) > 1:
            raise click.UsageError(f"Option {option.opts[-1]} may be given only once.", ctx)
