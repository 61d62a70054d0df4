"""Running `keras-prov import` in tests."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from dfanalyzer_client.cli import main

__all__ = ["imported"]


def imported(*arguments: str | Path, code: int = 0) -> tuple[str, str]:
    """What an import prints to stdout and to stderr, without their last line ends."""
    result = CliRunner().invoke(main, ["import", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout.rstrip("\n"), result.stderr.rstrip("\n")
