"""A database in one file, and a database made again from it."""
