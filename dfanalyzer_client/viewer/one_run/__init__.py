"""What the page of one execution shows: its tabs, and what is new while it trains."""

from __future__ import annotations
