"""Erase executions everywhere on this machine and in the database: `keras-prov forget`."""

from __future__ import annotations

from .forgetting import Forgotten, forget
from .plan import Plan, plan_erasure

__all__ = ["Forgotten", "Plan", "forget", "plan_erasure"]
