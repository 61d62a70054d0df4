"""Executions read from the store, once for all who show or export them."""
