"""From a message to its row: client, exporter, and what ended processes left behind."""
