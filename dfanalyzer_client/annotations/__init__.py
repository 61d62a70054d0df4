"""What people say of executions afterwards: tags with values, and a note.

It goes through the journal, as what is captured does: it works while the server is away, is stored
once, and is there again after ``keras-prov db rebuild``.
"""

from __future__ import annotations

from ._executions import HasExecution, Named, check_tagged, named_execution
from ._rights import check_may_add, check_may_annotate
from ._say import note, say_note, say_tags, tag, untag
from ._who import who

__all__ = [
    "HasExecution",
    "Named",
    "check_may_add",
    "check_may_annotate",
    "check_tagged",
    "named_execution",
    "note",
    "say_note",
    "say_tags",
    "tag",
    "untag",
    "who",
]
