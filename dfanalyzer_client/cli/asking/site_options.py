"""``--site`` and ``--all-sites``: which databases of a federation a command asks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import click

__all__ = ["Sites", "site_options"]


class Sites(NamedTuple):
    """The sites that were asked for; it is false if none were."""

    names: tuple[str, ...]
    all: bool

    def __bool__(self) -> bool:
        return self.all or bool(self.names)


def site_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--site`` and ``--all-sites`` to a command, which gets them as one argument, `sites`."""

    @click.option(
        "--site",
        "site",
        metavar="NAME",
        multiple=True,
        help="Ask this site of `keras-prov federation list`; `here` is the database itself. "
        "Repeatable.",
    )
    @click.option("--all-sites", is_flag=True, help="Ask the database itself, and all its sites.")
    @functools.wraps(command)
    def with_sites(*arguments: Any, site: tuple[str, ...], all_sites: bool, **others: Any) -> Any:
        return command(*arguments, sites=Sites(site, all_sites), **others)

    return with_sites
