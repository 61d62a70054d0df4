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
