"""Erase executions: the tombstones, and the rows that go."""
