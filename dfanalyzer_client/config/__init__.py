"""What may be set from outside: settings, the project's file, the store's URL, the author."""
