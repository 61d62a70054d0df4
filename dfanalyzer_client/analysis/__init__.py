"""Ask for executions, compare them, and look at the answers."""
