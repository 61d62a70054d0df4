"""Policies: requests to a training that hold once its epochs fulfil a condition.

The conditions are those of SQL, over the metrics of the latest epoch, and over the lowest, the
highest and the mean of all so far. They are computed here, epoch by epoch, from the rows that the
database has: so the same rows fulfil the same condition, whenever they are read.
"""

from __future__ import annotations

from ._condition import Condition
from ._names import check_names
from ._parsing import parse_condition
from ._policy import Policy

__all__ = ["Condition", "Policy", "check_names", "parse_condition"]
