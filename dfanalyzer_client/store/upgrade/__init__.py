"""Databases of the predecessor, and of earlier versions of ours."""
