"""From the messages of one batch to its rows in the database, in one transaction."""
