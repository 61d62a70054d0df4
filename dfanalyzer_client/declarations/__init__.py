"""What a dataflow declares, and whether a task keeps to it."""
