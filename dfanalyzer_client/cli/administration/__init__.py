"""Commands that administer databases: their catalogue, their accounts, and their backups."""
