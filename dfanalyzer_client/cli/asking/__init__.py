"""Commands that ask about executions, and those that annotate them."""
