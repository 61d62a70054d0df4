"""Notebooks: which one this is, its cells as people know them, and what is shown while training."""
