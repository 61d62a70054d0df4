"""What a verification has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "State", "Verification"]


class State(Enum):
    """Whether something is as it was recorded."""

    UNCHANGED = "unchanged"
    ALTERED = "altered"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        what: ``journal``, ``rows`` or ``file``; of signatures ``signature``, ``timestamp``, and
            ``signed`` for each thing that was signed.
        name: which one.
        state: whether it is as it was recorded.
        detail: the first difference; why nothing is known; else what was compared.
    """

    what: str
    name: str
    state: State
    detail: str = ""


@dataclass(frozen=True)
class Verification:
    """All that was checked of an execution.

    Attributes:
        id: the execution's id.
        execution: its tag.
        dataflow: its dataflow's tag.
        findings: what was checked, journals first.
    """

    id: int
    execution: str
    dataflow: str
    findings: Sequence[Finding]

    @property
    def state(self) -> State:
        """Altered if anything is; unchanged if everything is; else unknown."""
        states = {finding.state for finding in self.findings}
        if State.ALTERED in states:
            return State.ALTERED
        return State.UNCHANGED if states == {State.UNCHANGED} else State.UNKNOWN
