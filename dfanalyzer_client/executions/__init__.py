"""Executions, read from the store for everything that shows or exports them."""
