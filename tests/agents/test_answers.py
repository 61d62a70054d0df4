"""Answers are JSON that fits, and say what they lack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dfanalyzer_client.agents.answers import Answer, add_list, answer_text
from dfanalyzer_client.errors import RefusedError


def cut_to(limit: int, characters: int = 10_000) -> Any:
    """An answer with five runs, of which so many may be shown."""
    answer: Answer = {"id": 1}
    add_list(answer, "runs", ["x" * 50] * 5, limit)
    return json.loads(answer_text(answer, characters))


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (0, "There are runs that are not shown: ask for fewer, or aggregate."),
        (1, "There are more than this one run: ask for fewer, or aggregate."),
        (4, "There are more than these 4 runs: ask for fewer, or aggregate."),
    ],
)
def test_a_list_says_that_there_is_more(limit: int, sentence: str) -> None:
    """In a sentence that is right for none, one and several."""
    assert cut_to(limit) == {"id": 1, "runs": ["x" * 50] * limit, "cut": sentence}


def test_what_is_shown_whole_says_nothing() -> None:
    """No sentence for a list that is not cut."""
    assert cut_to(5) == {"id": 1, "runs": ["x" * 50] * 5}


def test_a_long_answer_loses_the_end_of_its_longest_list() -> None:
    """Again and again until it fits; the last sentence about a list is the one that holds."""
    answer: Answer = {}
    add_list(answer, "files", ["f"], 10)
    add_list(answer, "metrics", ["x" * 50] * 30, 20)
    found = json.loads(answer_text(answer, 500))
    assert found["files"] == ["f"]
    assert found["metrics"] == ["x" * 50] * 5
    assert found["cut"] == (
        "There are more than these 5 metrics, and the answer would be longer than 500 characters: "
        "ask for fewer, or aggregate."
    )


def test_what_cannot_be_cut_is_refused() -> None:
    """A line says how long it would be."""
    with pytest.raises(RefusedError, match=r"has \d+ characters, more than 100\. Ask for less"):
        answer_text({"note": "x" * 200}, 100)


def test_numbers_that_json_lacks_are_texts() -> None:
    """So any program can read the answer."""
    assert json.loads(answer_text({"a": [float("nan"), float("-inf"), 1]}, 100)) == {
        "a": ["nan", "-inf", 1]
    }
