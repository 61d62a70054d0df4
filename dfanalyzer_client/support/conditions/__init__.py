"""Conditions that users write: read, and turned into SQL. Importing this loads no parser."""
