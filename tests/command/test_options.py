"""Options that are given twice, and what is asked for where nobody can answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from dfanalyzer_client.cli import main
from dfanalyzer_client.cli.strict_command import StrictCommand


def commands(group: click.Group) -> Iterator[click.Command]:
    """All commands of a group and of those in it."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from commands(command)
            else:
                yield command


def test_every_command_is_strict() -> None:
    """So that none of them drops an option silently."""
    assert [each.name for each in commands(main) if not isinstance(each, StrictCommand)] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs", "--status", "failed", "--status=finished"], "--status may be given only once"),
        (["runs", "--sort", "id", "--sort", "loss"], "--sort may be given only once"),
        (["server", "log", "-n", "1", "--lines", "2"], "--lines may be given only once"),
        (["import", "csv", "a", "--dataflow", "b", "--dataflow", "c"], "--dataflow may be given"),
        (["runs", "--csv", "--json"], "Give either --csv or --json"),
        (["sql", "SELECT 1", "--json", "--csv"], "Give either --json or --csv"),
    ],
)
def test_an_option_that_is_given_twice_is_a_usage_error(arguments: list[str], says: str) -> None:
    """Also where two options exclude each other."""
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr


def test_a_password_is_not_asked_for_without_a_terminal() -> None:
    """One line says where to put it."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "runs", "--store", "monetdb://u@h:1/x"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,  # which has no terminal
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: The password of u at h is missing")
    assert "KERAS_PROV_STORE" in line
