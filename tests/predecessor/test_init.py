"""`keras-prov db init` on databases of every kind: what it says is so, and what to do is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import StoreLoginError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore, create_catalogue
from dfanalyzer_client.store.inspection import TableFound, tables_of
from dfanalyzer_client.store.schema import VERSION
from predecessor.command import run
from predecessor.filled import fill
from predecessor.shapes import SHAPES

UPGRADES = "`keras-prov db upgrade` upgrades it, and so does the first capture."


def public(url: StoreURL) -> dict[str, TableFound]:
    """The tables in schema "public"."""
    with Connection(url) as connection, connection.transaction():
        return tables_of(connection, "public")


def create(url: StoreURL, *statements: str) -> None:
    """Run statements of an administrator."""
    with Connection(url) as connection, connection.transaction():
        for statement in statements:
            connection.execute(statement)


def test_an_old_catalogue_is_named_and_left_as_it_is(server: PrivateServer) -> None:
    """The predecessor's needs an upgrade, which is said and not made; after it, nothing is."""
    url = server.ensure()
    fill(url, SHAPES["without executions"])
    before = public(url)
    said = run(url, "db", "init").stdout.splitlines()
    assert [line.partition(" in ")[0] for line in said] == [
        "The catalogue is there already",
        f"DfAnalyzer created the catalogue. {UPGRADES}",
        "Its tasks name no execution: the upgrade gives each dataflow one, with its tag.",
    ]
    assert public(url) == before
    with Connection(url) as connection:
        create_catalogue(connection)
    assert run(url, "db", "init").stdout.count("\n") == 1


@pytest.mark.thorough
def test_an_earlier_and_a_later_version_are_told_apart(server: PrivateServer) -> None:
    """The earlier one needs `db upgrade`, the later one a newer keras-prov."""
    url = server.ensure()
    assert "was created in" in run(url, "db", "init").stdout
    assert run(url, "db", "init").stdout.startswith("The catalogue is there already in")
    create(url, 'UPDATE "public".catalogue_version SET version = version + 1000')
    assert "upgrade this one with pip" in run(url, "db", "init").stdout
    assert UPGRADES not in run(url, "db", "init").stdout
    create(url, f'UPDATE "public".catalogue_version SET version = {VERSION - 1}')
    assert f"this keras-prov creates version {VERSION}. {UPGRADES}" in run(url, "db", "init").stdout


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ('CREATE TABLE "public".dataflow (id INT, owner TEXT)', "Received: id, owner."),
        ('CREATE TABLE "public".task (name TEXT)', '"public"."task"'),
        ('CREATE VIEW "public".metrics AS SELECT 1 AS one', '"public"."metrics"'),
    ],
)
def test_tables_of_another_program_are_no_catalogue(
    server: PrivateServer, tmp_path: Path, statement: str, words: str
) -> None:
    """Nothing is created beside them, and the error says whose they are and what to use."""
    url = server.ensure()
    create(url, 'CREATE SCHEMA "public"', statement)
    before = public(url)
    for command in ("init", "upgrade"):
        done = run(url, "db", command)
        assert done.exit_code == 1
        assert words in done.stderr
        assert "Use a database of its own for Keras-Prov." in done.stderr
    assert "another program" in run(url, "db", "check").output
    store = MonetDBStore(lambda: url)
    with pytest.raises(StoreLoginError, match="another program") as raised:
        store.position("journal")
    assert "db init" not in str(raised.value)
    assert public(url) == before


@pytest.mark.thorough
def test_other_tables_in_the_schema_do_not_matter(server: PrivateServer) -> None:
    """A catalogue is created beside them."""
    url = server.ensure()
    create(url, 'CREATE SCHEMA "public"', 'CREATE TABLE "public".customers (id INT)')
    assert "was created in" in run(url, "db", "init").stdout
    assert run(url, "db", "check").exit_code == 0
    assert "customers" in public(url)
