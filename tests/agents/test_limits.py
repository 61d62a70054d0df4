"""What an answer may take of the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfanalyzer_client.agents import limits
from dfanalyzer_client.agents.limits import LimitedConnection, Limits
from dfanalyzer_client.errors import RefusedError
from dfanalyzer_client.private_server import PrivateServer


def test_an_answer_is_made_of_so_many_values(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted over all statements of the answer, so that no memory is filled."""
    PrivateServer(home).ensure()
    with LimitedConnection(PrivateServer(home).reader_url(), Limits()) as connection:
        monkeypatch.setattr(limits, "MOST_READ", 5)
        assert len(connection.query("SELECT name FROM sys.schemas LIMIT 3")) == 3
        with pytest.raises(RefusedError, match=r"more than 5 values\. Ask for less"):
            connection.query("SELECT name FROM sys.schemas LIMIT 3")
