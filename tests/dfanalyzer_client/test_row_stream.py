"""Rows that are said in the short way are those of the long one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client.declarations.values import stored_value
from dfanalyzer_client.delivery.misfits import Misfits
from dfanalyzer_client.delivery.row_stream import RowStream

MESSAGE = {"sets": [{"tag": "s", "attributes": ["n", "t"], "elements": []}], "status": "RUNNING"}
NUMBERS = st.none() | st.floats() | st.integers(-(2**63), 2**63 - 1) | st.booleans()
TEXTS = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


class Listener:
    """Takes what is said."""

    said = ""

    def send_text(self, message: str) -> None:
        self.said = message


@given(number=NUMBERS, text=TEXTS | st.sampled_from(['"', "\\", "é", "\n", "elements"]))
def test_a_row_is_said_as_json_says_it(number: Any, text: Any) -> None:
    """Byte for byte: NaN, infinities, large integers, quotes, control characters, Unicode."""
    client: Any = Listener()
    columns, misfits = {"n": "NUMERIC", "t": "TEXT"}, Misfits(MESSAGE)
    RowStream(client.send_text, MESSAGE, columns, misfits).send([number, text])
    row = [stored_value(number, "NUMERIC", "n"), stored_value(text, "TEXT", "t")]
    sets = [{**MESSAGE["sets"][0], "elements": [row]}]
    whole = {"kind": "task", **MESSAGE, "sets": sets}
    assert client.said == json.dumps(whole, separators=(",", ":"))


@given(
    text=TEXTS | st.sampled_from(['"', "\\", "2026-01-05 08:00:00.000001", "\x7f"]),
    numbers=st.lists(NUMBERS, min_size=1, max_size=4),
)
def test_a_row_of_an_epoch_is_said_as_json_says_it(text: Any, numbers: list[Any]) -> None:
    """A text and then numbers, which are written together, byte for byte as one by one."""
    client: Any = Listener()
    names = [f"n{place}" for place in range(len(numbers))]
    columns = {"t": "TEXT", **dict.fromkeys(names, "NUMERIC")}
    message = {"sets": [{"tag": "s", "attributes": ["t", *names], "elements": []}], "status": "R"}
    RowStream(client.send_text, message, columns, Misfits(message)).send([text, *numbers])
    row = [
        stored_value(text, "TEXT", "t"),
        *(stored_value(number, "NUMERIC", "n") for number in numbers),
    ]
    whole = {"kind": "task", **message, "sets": [{**message["sets"][0], "elements": [row]}]}
    assert client.said == json.dumps(whole, separators=(",", ":"))
