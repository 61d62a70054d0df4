"""What the screen of SQL asks: its state, the answer within limits, and what can be named."""

from __future__ import annotations
