"""Statements in SQL from Python: their parameters, and what is not one statement."""

from __future__ import annotations

import pytest

import dfanalyzer_client as prov
from dfanalyzer_client.errors import SelectionError


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("SELECT %s, %s", [1, "it's"], (1, "it's")),
        ("SELECT %(a)s, %(b)s, %(a)s", {"a": 0.1, "b": "%"}, (0.1, "%", 0.1)),
        ("SELECT '5%%', %(a)s;", {"a": None}, ("5%", None)),
        ("SELECT '5%', ';' -- ; one", (), ("5%", ";")),
    ],
)
@pytest.mark.usefixtures("home")
def test_parameters_are_lists_or_dictionaries(statement, parameters, expected):
    """Their values are bound, exactly; without them, a percent sign is one."""
    assert prov.sql(statement, parameters).rows == [expected]


@pytest.mark.parametrize(
    ("statement", "parameters", "error", "says"),
    [
        ("", (), SelectionError, "an empty one"),
        (" -- nothing\n", (), SelectionError, "an empty one"),
        ("SELECT 1; SELECT 2", (), SelectionError, "One statement .* Received 2.*'SELECT 2'"),
        (3, (), TypeError, "a text in SQL"),
        ("SELECT %s", "x", TypeError, "a list with a value for each %s"),
        ("SELECT %s", 3, TypeError, r"a dictionary with one for each %\(name\)s"),
        ("SELECT %s, %s", [1], SelectionError, "do not fit the statement"),
        ("SELECT 1", [1], SelectionError, "do not fit the statement"),
        ("SELECT %(a)s", {"b": 1}, SelectionError, "do not fit the statement"),
        ("SELECT %s", {"a": 1}, SelectionError, "each %s needs a name"),
        ("SELECT '5% ', %s", [1], SelectionError, "a percent sign is written %%"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_asked_is_said(statement, parameters, error, says):
    """It says what was expected."""
    with pytest.raises(error, match=says):
        prov.sql(statement, parameters)
