"""The command, asked of a database that the predecessor filled."""

from __future__ import annotations

from click.testing import CliRunner, Result

from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL


def run(url: StoreURL, *arguments: str) -> Result:
    """Run `keras-prov` with that database as its store."""
    return CliRunner().invoke(
        main, arguments, env={"KERAS_PROV_STORE": url.reveal()}, catch_exceptions=False
    )
